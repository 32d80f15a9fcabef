"""Tables of runs and experiments: what the address asks, columns, rows, cells, exports.

May import `serving`, `runs`, `series` and `groups`. Only `exports` and `experiments_table` read
logs; all that depends on a column is in `columns`.
"""
