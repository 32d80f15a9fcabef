"""Locks that say "a process is writing here", and that the kernel lets go of after `kill -9`.

They are open-file-description locks (Linux): owned by the open file, not by the process, so they
pass to forked children, and can be looked at without being taken. Where there are none (another
system, a file system without locks) the answer is None, "cannot tell", and nothing fails.
"""

import os
import struct
import sys

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# struct flock: type, whence, start, length, pid. Only its 64-bit layout is known here.
_FLOCK = struct.Struct("hhqqi4x")
_HAS_LOCKS = hasattr(fcntl, "F_OFD_SETLK") and sys.maxsize > 2**32

# One byte far behind the end of any file, so that nobody's lock on the contents gets in the way.
_HOLDING_BYTE = 1 << 62
_REPAIR_BYTE = _HOLDING_BYTE + 1


def hold_shared(fd: int) -> bool | None:
    """Say that this open file is in use; returns at once, whatever others hold.

    Args:
        fd: open for reading (and usually writing); the lock lasts until its last copy is closed.

    Returns:
        Whether it holds; None where there are no such locks.
    """
    return _take(fd, "F_RDLCK", _HOLDING_BYTE)


def hold_exclusive(fd: int) -> bool | None:
    """Claim this open file for one holder; False, at once, where somebody else holds it.

    Args:
        fd: open for writing; the lock lasts until its last copy is closed.

    Returns:
        Whether it holds; None where there are no such locks.
    """
    return _take(fd, "F_WRLCK", _HOLDING_BYTE)


def is_held(path: str | os.PathLike[str]) -> bool | None:
    """Whether anybody holds the file, shared or exclusively; takes no lock to find out.

    Returns:
        False also where there is no file; None where it cannot be told.
    """
    if not _HAS_LOCKS:
        return None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        query = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _HOLDING_BYTE, 1, 0)
        answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, query)
    except OSError:
        return None
    finally:
        os.close(fd)
    return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)


def begin_repair(fd: int) -> bool | None:
    """Keep other writers from repairing the same file at once; returns at once, as the others."""
    return _take(fd, "F_WRLCK", _REPAIR_BYTE)


def end_repair(fd: int) -> None:
    """Let other writers repair again."""
    _take(fd, "F_UNLCK", _REPAIR_BYTE)


def _take(fd: int, kind: str, byte: int) -> bool | None:
    if not _HAS_LOCKS:
        return None
    request = _FLOCK.pack(getattr(fcntl, kind), os.SEEK_SET, byte, 1, 0)
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, request)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True
