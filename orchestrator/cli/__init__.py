"""The command line: arguments, exit codes and signals.

`commands` holds a function for each command, in modules that are imported when the command is
called. `terminal` prints. May import `logger`, `web`, `sweep`, `demo` and every room of the
orchestrator. No other room imports `web`.
"""
