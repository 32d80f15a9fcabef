"""What the terminal shows: tables, progress, a sweep's summary, and how texts are written.

May import the exit codes in `cli.process` and, of the orchestrator, `commands`, `reports` and
`store`.
"""
