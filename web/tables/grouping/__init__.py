"""Rows of tables that represent several runs: combinations of a sweep with repeats, and groups."""
