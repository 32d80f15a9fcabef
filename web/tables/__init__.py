"""Tables of runs and experiments: the query, columns, rows, cells, exports.

Only `exports`, `experiments_table` and `media_columns` read logs. All that depends on a column is
in `columns`. May import `serving`, `runs`, `series`, `media` and `groups`, besides `logger`,
`orchestrator.store`, `orchestrator.errors`, `orchestrator.expressions` and `orchestrator.reports`.
"""
