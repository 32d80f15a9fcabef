"""Times of file changes by the clock of the file server: the clocks of two machines differ."""

import contextlib
import os
import time
from pathlib import Path

from .file_systems import is_on_network
from .guarded import READ, open_guarded

_KNOWN_FOR_S = 60.0
_ahead: dict[int, tuple[float, float]] = {}


def touched_at(path: Path) -> float | None:
    """Return when a file last changed by the file server's clock, or None if there is none.

    The file is opened: a network file system then asks its server.
    """
    try:
        fd = open_guarded(path, READ)
    except OSError:
        return None
    try:
        return os.fstat(fd).st_mtime
    finally:
        os.close(fd)


def server_time(folder: Path) -> float | None:
    """Return the time by the file server's clock, or None if the folder cannot be written.

    A file is made there for that, and removed.
    """
    path = folder / f".{os.getpid()}.clock"
    try:
        fd = open_guarded(path, os.O_WRONLY | os.O_CREAT)
    except OSError:
        return None
    try:
        os.utime(fd)
        return os.fstat(fd).st_mtime
    finally:
        os.close(fd)
        with contextlib.suppress(OSError):
            path.unlink()


def silent_for_s(path: Path, clock_folder: Path) -> float:
    """Return the seconds since a file was touched, or 0 if not known.

    Args:
        clock_folder: where a file may be touched to learn the server's time. This machine's own
            time counts if that is not possible, and on a file system of this machine.
    """
    touched = touched_at(path)
    return 0.0 if touched is None else time.time() + _server_is_ahead_s(clock_folder) - touched


def _server_is_ahead_s(folder: Path) -> float:
    """Return how far the file server's clock is ahead of this machine's, checked once a minute."""
    try:
        device = folder.stat().st_dev
    except OSError:
        return 0.0
    known = _ahead.get(device)
    if known is not None and time.monotonic() - known[0] < _KNOWN_FOR_S:
        return known[1]
    now = server_time(folder) if is_on_network(folder) else None
    ahead_s = 0.0 if now is None else now - time.time()
    _ahead[device] = time.monotonic(), ahead_s
    return ahead_s
