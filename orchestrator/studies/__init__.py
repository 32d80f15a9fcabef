"""Sweeps whose runs a program requests and trains in its own loop: `Study.ask()` and `tell()`.

May import everything but `reports`, `demo`, `agents` and `cli`.
"""
