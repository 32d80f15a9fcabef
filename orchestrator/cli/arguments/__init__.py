"""The arguments of each command: `parser` reads a command line, the others describe commands.

Its files hold no behaviour of the commands. That is in `commands`.
"""
