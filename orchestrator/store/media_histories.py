"""The media of runs: read once, and then what is new."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cachetools import LRUCache

from ml_tracking_ops.logger.media.history import MediaHistory, open_history

T = TypeVar("T")

_MOST_RUNS = 1_000
_MOST_ENTRIES = 300_000


class MediaHistories:
    """The media of the runs that were requested last. Any number of threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: LRUCache[str, tuple[MediaHistory, threading.Lock]] = LRUCache(_MOST_RUNS)

    def use(self, dat_path: Path, function: Callable[[MediaHistory], T]) -> T:
        """Call a function with the current media of a run, and return its result."""
        history, own_lock = self._find(dat_path)
        with own_lock:
            history.refresh()
            result = function(history)
        self._forget_most()
        return result

    def glance(self, dat_path: Path, most_s: float) -> MediaHistory:
        """Return what is found in this time. Another thread may continue reading: use only
        `other_tags`."""
        history, own_lock = self._find(dat_path)
        if own_lock.acquire(timeout=most_s):
            try:
                history.refresh(most_s)
            finally:
                own_lock.release()
        return history

    def _find(self, dat_path: Path) -> tuple[MediaHistory, threading.Lock]:
        path = os.fspath(dat_path)
        with self._lock:
            found = self._known.get(path)
            if found is None:
                found = self._known[path] = open_history(path), threading.Lock()
        return found

    def _forget_most(self) -> None:
        """Drop the runs that were not requested for the longest time, until the rest is small
        enough."""
        with self._lock:
            while len(self._known) > 1:
                n_entries = sum(history.n_entries for history, _ in self._known.values())
                if n_entries <= _MOST_ENTRIES:
                    return
                self._known.popitem()


MEDIA = MediaHistories()
"""The histories of this process: event files are read once for all users of their content."""
