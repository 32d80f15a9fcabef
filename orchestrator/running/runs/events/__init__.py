"""Metrics of runs that write event files: which files are whose, and what is in them.

May import `logger` and `output_metrics` of `running.runs`.
"""
