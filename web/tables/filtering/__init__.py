"""Filters that a reader writes: conditions, and regular expressions.

May import what the rest of `tables` may, and of `tables` what describes columns and rows.
"""
