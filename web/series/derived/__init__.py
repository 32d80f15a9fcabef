"""Derived metrics: expressions over the metrics of a run, used like any metric by name.

May import the modules of `series` that read logs and thin points.
"""
