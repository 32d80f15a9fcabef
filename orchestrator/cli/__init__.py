"""The command line: arguments, printing and exit codes.

Each command is a function in a module that is imported when the command is given. May import
`logger`, `web`, `sweep`, `demo` and every room of the orchestrator; no other room imports `web`.
"""
