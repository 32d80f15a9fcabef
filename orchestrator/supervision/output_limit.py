"""Output without end: the file keeps its first and its last bytes while it is being written.

In place of the middle, a line gives the number of missing bytes. It replaces the last bytes before
the cut, so a reader of the file knows where it is and can compute the new place of each byte. It
has `are` during a cut and `were` afterwards: what is read in between may mix two places.
"""

import os
import re

from .os_processes import read_at, write_at

LIMIT_BYTES = 64 << 20
KEPT_BYTES = 8 << 20
TORN = b"[ml-tracking-ops: output may be missing here]"
"""If a file had to be copied, what was written in that moment may be lost."""
_COLLAPSE_RANGE = 8  # FALLOC_FL_COLLAPSE_RANGE
_LOOKS_AGAIN = 5
_GAP = "\n[ml-tracking-ops: {} bytes of output {} cut out here]\n"
_IS_CUT, _IS_BEING_CUT = "were", "are "
_GAP_FOUND = re.compile(
    rb"\n\[ml-tracking-ops: (\d+) bytes of output (were|are ) cut out here\]\n$"
)
_LONGEST_GAP = 128


def bytes_cut(fd: int, kept_bytes: int = KEPT_BYTES) -> int | None:
    """Return how many bytes were cut out of an output so far, or None while it is being cut."""
    start = max(0, kept_bytes - _LONGEST_GAP)
    found = _GAP_FOUND.search(read_at(fd, kept_bytes - start, start))
    if found is None:
        return 0
    return int(found[1]) if found[2].decode() == _IS_CUT else None


def head_end(n_cut: int, kept_bytes: int = KEPT_BYTES) -> int:
    """Return where the kept first bytes end, and the line about the cut begins."""
    return kept_bytes - len(_gap(n_cut, _IS_CUT))


def cut_middle(
    fd: int, n_cut_before: int, limit_bytes: int = LIMIT_BYTES, kept_bytes: int = KEPT_BYTES
) -> int:
    """Cut the middle out of a file that has grown too long, and write the number of missing bytes
    there.

    Args:
        fd: opened for reading and appending. Others append to the file meanwhile.
        n_cut_before: how many bytes were cut out before.
        limit_bytes: how long it may grow. kept_bytes: how many of the first and the last stay.

    Returns:
        How many bytes were cut out now.

    Raises:
        OSError: it cannot be cut.
    """
    size = os.fstat(fd).st_size
    if size <= limit_bytes:
        return 0
    n_cut = (size - 2 * kept_bytes) // kept_bytes * kept_bytes  # whole blocks of any file system
    _write_notice(fd, n_cut_before + n_cut, _IS_BEING_CUT, kept_bytes)
    try:
        if not _collapse(fd, kept_bytes, n_cut):
            n_cut = size - 2 * kept_bytes - len(TORN) - 1
            _write_notice(fd, n_cut_before + n_cut, _IS_BEING_CUT, kept_bytes)
            _truncate(fd, size, kept_bytes)
    except OSError:
        _write_notice(fd, n_cut_before, _IS_CUT, kept_bytes)
        raise
    _write_notice(fd, n_cut_before + n_cut, _IS_CUT, kept_bytes)
    return n_cut


def _gap(n_cut: int, state: str) -> bytes:
    return _GAP.format(n_cut, state).encode()


def _write_notice(fd: int, n_cut: int, state: str, kept_bytes: int) -> None:
    gap = _gap(n_cut, state)
    write_at(fd, gap, kept_bytes - len(gap))


def _collapse(fd: int, start: int, n_bytes: int) -> bool:
    """Take a range out of a file in one step (ext4, XFS). Returns False if that is not possible."""
    try:
        import ctypes

        fallocate = ctypes.CDLL(None).fallocate
        offset = ctypes.c_int64
        return bool(fallocate(fd, _COLLAPSE_RANGE, offset(start), offset(n_bytes)) == 0)
    except (ImportError, AttributeError):
        return False


def _truncate(fd: int, size: int, kept_bytes: int) -> None:
    """Copy the end to the front. What is appended at the very moment of the cut is lost."""
    end = read_at(fd, kept_bytes, size - kept_bytes)
    for _ in range(_LOOKS_AGAIN):
        more = read_at(fd, kept_bytes, size)
        size += len(more)
        end += more
    os.ftruncate(fd, kept_bytes)
    os.write(fd, TORN + b"\n" + end + TORN + b"\n")
