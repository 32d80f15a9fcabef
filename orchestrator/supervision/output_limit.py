"""Output without end: the file keeps its first and its last bytes while it is being written."""

import os

LIMIT_BYTES = 64 << 20
KEPT_BYTES = 8 << 20
_COLLAPSE_RANGE = 8  # FALLOC_FL_COLLAPSE_RANGE
_LOOKS_AGAIN = 5


def cut_middle(fd: int, n_cut_before: int) -> int:
    """Cut the middle out of a file that has grown too long, and write there how much is gone.

    Args:
        fd: opened for reading and appending; others append to the file meanwhile.
        n_cut_before: what was cut out of it before.

    Returns:
        How many bytes were cut out now.

    Raises:
        OSError: it cannot be cut.
    """
    size = os.fstat(fd).st_size
    if size <= LIMIT_BYTES:
        return 0
    n_cut = (size - 2 * KEPT_BYTES) // KEPT_BYTES * KEPT_BYTES  # whole blocks of any file system
    gap = f"\n[ml-tracking-ops: {n_cut_before + n_cut} bytes of output were cut out here]\n"
    if _collapse(fd, KEPT_BYTES, n_cut):
        _overwrite(fd, KEPT_BYTES - len(gap), gap.encode())
    else:
        _truncate(fd, size, gap.encode())
    return n_cut


def _collapse(fd: int, start: int, n_bytes: int) -> bool:
    """Take a range out of a file in one step (ext4, XFS); False where that cannot be done."""
    try:
        import ctypes

        fallocate = ctypes.CDLL(None).fallocate
        offset = ctypes.c_int64
        return bool(fallocate(fd, _COLLAPSE_RANGE, offset(start), offset(n_bytes)) == 0)
    except (ImportError, AttributeError):
        return False


def _overwrite(fd: int, start: int, data: bytes) -> None:
    """Write inside a file that is open for appending."""
    inside = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY)
    try:
        os.pwrite(inside, data, start)
    finally:
        os.close(inside)


def _truncate(fd: int, size: int, gap: bytes) -> None:
    """Copy the end over: what is appended in the very moment of the cut is lost."""
    end = os.pread(fd, KEPT_BYTES, size - KEPT_BYTES)
    for _ in range(_LOOKS_AGAIN):
        more = os.pread(fd, KEPT_BYTES, size)
        size += len(more)
        end = (end + more)[-KEPT_BYTES:]
    os.ftruncate(fd, KEPT_BYTES)
    os.write(fd, gap + end)
