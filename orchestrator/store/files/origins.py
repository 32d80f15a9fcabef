"""Whether a file is the very one that a process made, or a copy: rsync, an unpacked archive."""

import time
from collections.abc import Iterable
from pathlib import Path


def origin_of_file(path: Path) -> str | None:
    """What tells a file from its copies on this machine, or None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return f"{status.st_dev}:{status.st_ino}"


def is_copy(path: Path, origin: str | None) -> bool:
    """Whether a file is another one than that of this origin, not known of one without."""
    return origin is not None and origin_of_file(path) != origin


def seconds_untouched(*found: Path) -> float:
    """Seconds since any of the files was touched. The clocks of two machines differ a little."""
    touched = list(_touched(found))
    return time.time() - max(touched) if touched else 0.0


def _touched(found: Iterable[Path]) -> Iterable[float]:
    for path in found:
        try:
            yield path.stat().st_mtime
        except OSError:
            continue
