"""What a reader writes to choose runs: conditions, and regular expressions.

May import what the rest of `tables` may, and of `tables` what describes columns and rows.
"""
