"""The dashboard: one process that reads the files of a log folder and sends requests by file.

Its rooms may import `logger` and, of the orchestrator, what reads files and sends requests.
"""

from .notebook import show

__all__ = ["show"]
