"""Means and spreads over groups of runs.

May import `serving`, `runs` and `series`, besides `logger` and `orchestrator.store`.
"""
