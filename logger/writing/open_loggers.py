"""The open loggers of this process, and how they are ended with the process."""

import atexit
import os
import sys
import time
import weakref

from ..records import FAILED, UNKNOWN, encode_end_record
from . import process_end
from .log_file import LogFile

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from typing import Protocol

    class OpenLogger(Protocol):
        """A logger that can be ended when the process ends."""

        def end(self, outcome: int) -> None:
            """Mark its log as ended, with this outcome."""


_open: "weakref.WeakSet[OpenLogger]" = weakref.WeakSet()
_marked: "list[tuple[int, str, bool]]" = []
"""The last log that was marked as finished before the process ended: the process, the file, and
whether its logger was closed, not dropped.
"""


def add(logger: "OpenLogger", *, is_owner: bool) -> None:
    """Register a logger. One that owns its run is ended with the process."""
    _open.add(logger)
    if is_owner:
        _marked.clear()
        _watch_the_end()


def discard(logger: "OpenLogger") -> None:
    """Forget a logger that was closed."""
    _open.discard(logger)


def note_finished(path: str, *, is_closed: bool) -> None:
    """Record that a log was marked as finished: the process may still fail.

    Args:
        is_closed: whether its logger was closed. If it was dropped and the end of the process is
            not known, the end of its log is not known either.
    """
    _marked[:] = [(os.getpid(), path, is_closed)]


def _watch_the_end() -> None:
    process_end.watch()
    child = process_end.multiprocessing_child()
    if child is not None:
        # Such a process exits with os._exit, which does not call atexit.
        child.Finalize(None, _end_all_of_child, exitpriority=0)


def _end_all_of_child() -> None:
    _end_all(process_end.outcome_of_error(sys.exc_info()[1]))


@atexit.register
def _end_all_of_process() -> None:
    _end_all(process_end.outcome())


def _end_all(outcome: int) -> None:
    for logger in list(_open):
        logger.end(outcome)
    for pid, path, is_closed in _marked:
        is_unknown = outcome == UNKNOWN and not is_closed
        if pid == os.getpid() and (is_unknown or outcome == FAILED):
            _correct_end(path, outcome)


def _correct_end(path: str, outcome: int) -> None:
    file = LogFile(path, begins_session=False)
    try:
        if os.path.exists(path):
            file.make_ready()
            file.append(encode_end_record(time.time(), outcome))
            file.close()
    except OSError:
        return  # its folder is deleted, or the disk is full: the log stays as it is
