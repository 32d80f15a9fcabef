"""One run started by hand with `ml-tracking-ops run`: any program, followed to its end.

May import `logger` and everything that `running` may import.
"""
