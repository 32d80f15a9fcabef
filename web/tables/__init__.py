"""Tables of runs and experiments: query, rows, columns, exports. Imports `series` and `runs`."""
