"""Rows of tables that stand for several runs: combinations of a sweep with repeats, and groups."""
