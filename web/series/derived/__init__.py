"""Derived metrics: expressions over the metrics of a run, for whoever asks for a metric by name.

May import the modules of `series` that read logs and thin points.
"""
