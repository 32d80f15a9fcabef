"""Terminal output: tables, progress, a sweep's summary, and the form of texts.

May import the exit codes in `cli.process` and, of the orchestrator, `commands`, `reports` and
`store`.
"""
