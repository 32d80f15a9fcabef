"""Whether a file is the one that a process made, or a copy: by rsync, from an unpacked archive."""

import time
from collections.abc import Iterable
from pathlib import Path

from ml_tracking_ops.logger import os_files


def origin_of_file(path: Path) -> str | None:
    """Return what distinguishes a file from its copies on this machine, or None if it is
    missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return "{}:{}".format(*os_files.file_of(status))


def is_copy(path: Path, origin: str | None) -> bool:
    """Return whether a file differs from the one of this origin. False without an origin."""
    return origin is not None and origin_of_file(path) != origin


def seconds_untouched(*found: Path) -> float:
    """Return seconds since any of the files was touched. The clocks of two machines differ a
    little."""
    touched = list(_touched(found))
    return time.time() - max(touched) if touched else 0.0


def _touched(found: Iterable[Path]) -> Iterable[float]:
    for path in found:
        try:
            yield path.stat().st_mtime
        except OSError:
            continue
