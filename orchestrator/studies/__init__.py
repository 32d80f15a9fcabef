"""Sweeps whose runs a program asks for and trains in its own loop: `Study.ask()` and `tell()`.

May import everything but `reports`, `demo`, `agents` and `cli`.
"""
