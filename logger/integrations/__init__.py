"""Loggers and callbacks for training frameworks, one module each, imported when it is used.

The rest of the package needs nothing of this. It may import `logger`, and each module its own
framework.
"""
