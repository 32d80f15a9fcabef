"""Locks that show "a process is writing here" and that the kernel releases after `kill -9`.

They are open-file-description locks (Linux): owned by the open file, not by the process. Forked
children inherit them, and they can be tested without being taken. On a system or file system
without them the answer is None ("not known"), and nothing fails.
"""

import os

from . import os_files

# One byte far behind the end of any file, so that no lock on the contents conflicts with it.
_HOLDING_BYTE = 1 << 62
_REPAIR_BYTE = _HOLDING_BYTE + 1


def hold_shared(fd: int) -> bool | None:
    """Mark this open file as in use. Returns at once, regardless of other holders.

    Args:
        fd: open for reading (and usually writing). The lock lasts until its last copy is closed.

    Returns:
        Whether it holds, or None if there are no such locks.
    """
    return os_files.set_byte_lock(fd, os_files.READ_LOCK, _HOLDING_BYTE)


def hold_exclusive(fd: int) -> bool | None:
    """Claim this open file for one holder. Returns False at once if another holds it.

    Args:
        fd: open for writing. The lock lasts until its last copy is closed.

    Returns:
        Whether it holds, or None if there are no such locks.
    """
    return os_files.set_byte_lock(fd, os_files.WRITE_LOCK, _HOLDING_BYTE)


def is_held(path: str | os.PathLike[str]) -> bool | None:
    """Return whether any process holds the file, shared or exclusively, without taking a lock.

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
    """Keep other writers from repairing the same file at once. Returns at once, like the others."""
    return os_files.set_byte_lock(fd, os_files.WRITE_LOCK, _REPAIR_BYTE)


def end_repair(fd: int) -> None:
    """Allow other writers to repair again."""
    os_files.set_byte_lock(fd, os_files.UNLOCK, _REPAIR_BYTE)
