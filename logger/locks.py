"""Locks that say "a process is writing here", and that the kernel lets go of after `kill -9`.

They are open-file-description locks (Linux): owned by the open file, not by the process, so they
pass to forked children, and can be looked at without being taken. Where there are none (another
system, a file system without locks) the answer is None, "cannot tell", and nothing fails.
"""

import os

from . import os_files

# One byte far behind the end of any file, so that nobody's lock on the contents gets in the way.
_HOLDING_BYTE = 1 << 62
_REPAIR_BYTE = _HOLDING_BYTE + 1


def hold_shared(fd: int) -> bool | None:
    """Say that this open file is in use. Returns at once, regardless of other holders.

    Args:
        fd: open for reading (and usually writing). The lock lasts until its last copy is closed.

    Returns:
        Whether it holds, or None if there are no such locks.
    """
    return os_files.set_byte_lock(fd, os_files.READ_LOCK, _HOLDING_BYTE)


def hold_exclusive(fd: int) -> bool | None:
    """Claim this open file for one holder, or False at once if somebody else holds it.

    Args:
        fd: open for writing. The lock lasts until its last copy is closed.

    Returns:
        Whether it holds, or None if there are no such locks.
    """
    return os_files.set_byte_lock(fd, os_files.WRITE_LOCK, _HOLDING_BYTE)


def is_held(path: str | os.PathLike[str]) -> bool | None:
    """Whether anybody holds the file, shared or exclusively. Takes no lock to find out.

    Returns:
        False also where there is no file, or None if that is not known.
    """
    if not os_files.HAS_BYTE_LOCKS:
        return None
    try:
        fd = os.open(path, os_files.READ)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        return os_files.is_byte_locked(fd, _HOLDING_BYTE)
    finally:
        os.close(fd)


def begin_repair(fd: int) -> bool | None:
    """Keep other writers from repairing the same file at once. Returns at once, as the others."""
    return os_files.set_byte_lock(fd, os_files.WRITE_LOCK, _REPAIR_BYTE)


def end_repair(fd: int) -> None:
    """Let other writers repair again."""
    os_files.set_byte_lock(fd, os_files.UNLOCK, _REPAIR_BYTE)
