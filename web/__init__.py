"""The dashboard: one process that reads the files of a log folder and asks orchestrators by file.

Its rooms may import `logger` and, of the orchestrator, what reads files and asks for something.
"""

from .notebook import show

__all__ = ["show"]
