"""The loggers of this process that are open, and what becomes of them when the process ends."""

import atexit
import os
import sys
import time
import weakref

from . import process_end
from .log_file import LogFile
from .records import encode_end

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from typing import Protocol

    class OpenLogger(Protocol):
        """A logger that can be ended with the process."""

        def end(self, outcome: int) -> None:
            """Mark its log as ended, with this outcome."""


_open: "weakref.WeakSet[OpenLogger]" = weakref.WeakSet()
_dropped: "list[tuple[int, str]]" = []
"""The last log whose logger was dropped without being closed: the process, and the file."""


def add(logger: "OpenLogger", *, is_owner: bool) -> None:
    """Keep a logger in view; one that owns its run is ended with the process."""
    _open.add(logger)
    if is_owner:
        _dropped.clear()
        _watch_the_end()


def discard(logger: "OpenLogger") -> None:
    """Forget a logger that was closed."""
    _open.discard(logger)


def note_dropped(path: str) -> None:
    """A logger was dropped, and its log marked as finished: the process may yet fail."""
    _dropped[:] = [(os.getpid(), path)]


def _watch_the_end() -> None:
    process_end.watch()
    child = process_end.multiprocessing_child()
    if child is not None:
        # Such a process leaves with os._exit, at which atexit is not called.
        child.Finalize(None, _end_all_of_child, exitpriority=0)


def _end_all_of_child() -> None:
    _end_all(process_end.outcome_of_error(sys.exc_info()[1]))


@atexit.register
def _end_all_of_process() -> None:
    _end_all(process_end.outcome())


def _end_all(outcome: int) -> None:
    for logger in list(_open):
        logger.end(outcome)
    for pid, path in _dropped:
        if outcome != process_end.FINISHED and pid == os.getpid():
            _correct_end(path, outcome)


def _correct_end(path: str, outcome: int) -> None:
    file = LogFile(path, begins_session=False)
    try:
        if os.path.exists(path):
            file.make_ready()
            file.append(encode_end(time.time(), outcome))
            file.close()
    except OSError:
        return  # its folder is gone, or the disk is full: the log stays as it is
