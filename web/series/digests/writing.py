"""Write digests to the cache when no request waits for a log: in a thread of its own."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder

from .digest import Digest
from .encoding import encode_digest

_QUIET_S = 2.0
_CLOSING_S = 2.0
_IDLE_S = 5.0


class DigestWriter:
    """Keeps digests until they are written, when no more have come for a moment.

    Those that do not fit into its memory are made again later.

    Args:
        make: makes the digest of a log, or None if it cannot be read.
        most_bytes: how much memory the digests that wait may take.
    """

    def __init__(
        self, cache: CacheFolder, make: Callable[[Path], Digest | None], most_bytes: int
    ) -> None:
        self._cache = cache
        self._make = make
        self._most_bytes = most_bytes
        self._waiting: dict[Path, Digest | None] = {}
        self._n_bytes = 0
        self._last_put = 0.0
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()

    def waiting(self, path: Path) -> Digest | None:
        """Return the digest of a log that is not written yet, if it is in memory."""
        with self._changed:
            return self._waiting.get(path)

    def put(self, path: Path, digest: Digest) -> None:
        """Queue this digest to be written in the background."""
        with self._changed:
            self._forget(path)
            if self._is_closing:
                return
            is_kept = self._n_bytes + digest.size_bytes <= self._most_bytes
            self._waiting[path] = digest if is_kept else None
            self._n_bytes += digest.size_bytes if is_kept else 0
            self._last_put = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="digests", daemon=True)
                self._thread.start()
            # otherwise it checks by itself: a thousand logs come at once
            elif len(self._waiting) == 1:
                self._changed.notify_all()

    def close(self) -> None:
        """Write what is waiting. What takes longer than a moment is left out."""
        with self._changed:
            self._is_closing = True
            thread = self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(_CLOSING_S)

    def _forget(self, path: Path) -> None:
        known = self._waiting.pop(path, None)
        if known is not None:
            self._n_bytes -= known.size_bytes

    def _run(self) -> None:
        while (found := self._next()) is not None:
            path, digest = found
            made = digest or self._make(path)
            if made is not None:
                self._cache.write(str(path), encode_digest(made, str(path)))
            with self._changed:
                if self._waiting.get(path) is digest:
                    self._forget(path)

    def _next(self) -> tuple[Path, Digest | None] | None:
        """Return what to write next. None ends the thread, after some time without any."""
        with self._changed:
            while True:
                if self._waiting and self._is_time():
                    return next(iter(self._waiting.items()))
                if self._is_closing and not self._waiting:
                    return None
                is_woken = self._changed.wait(_QUIET_S if self._waiting else _IDLE_S)
                if not is_woken and not self._waiting:
                    self._thread = None
                    return None

    def _is_time(self) -> bool:
        is_quiet = time.monotonic() - self._last_put >= _QUIET_S
        return is_quiet or self._is_closing
