"""Python functions as training scripts: how they are named, and the program that calls them.

May import `logger`, `errors` and `config`. `runner` is started as a process for each run.
"""
