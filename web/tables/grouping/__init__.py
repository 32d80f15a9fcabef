"""Rows of tables that represent several runs: combinations of a sweep with repeats, and groups.

May import the columns, cells and selections of `tables`, and what `tables` may import.
"""
