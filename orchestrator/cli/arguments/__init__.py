"""The arguments of each command: `parser` reads a command line, the others describe commands.

The behaviour of the commands is in `commands`. May import `argument_types` and `process` of `cli`,
and names of files from `running`.
"""
