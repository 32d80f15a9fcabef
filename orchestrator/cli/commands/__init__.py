"""The commands: one function each, from the parsed arguments to the exit code.

May import `terminal`, the rest of `cli` except `main`, and every room below `cli`. Only `dashboard`
imports `web`.
"""
