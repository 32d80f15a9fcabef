"""Loggers and callbacks for training frameworks: one module each, imported when it is used.

Nothing here is needed by the rest. It may import `logger`, and each module its own framework.
"""
