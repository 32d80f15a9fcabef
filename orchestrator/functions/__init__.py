"""Python functions as training scripts: how one is named, and the program that calls it.

May import `logger`, `errors` and `config`. `runner` is started as a process for each run.
"""
