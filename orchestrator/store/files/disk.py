"""What a disk or a machine lacks: space, files, or the folder itself."""

import errno
import os
from pathlib import Path

from ml_tracking_ops.logger import os_files

_HARDLY_ANY_BYTES = 64 << 10


def lack_of_room(folder: Path) -> str | None:
    """Return a message if the disk of a folder has hardly any space left for a log, or None."""
    space = os_files.free_space(folder)
    if space is None:
        return None
    left, n_files = space
    if not n_files:
        return f"the disk of {folder} has no room for more files"
    return f"the disk of {folder} is full ({left} bytes left)" if left < _HARDLY_ANY_BYTES else None


def trouble_with(folder: Path) -> str | None:
    """Explain why no run can be started in a sweep's folder any more, or return None."""
    if not folder.is_dir():
        return f"the sweep's folder {folder} is gone: moved or deleted"
    if not os.access(folder, os.W_OK):
        return f"the sweep's folder {folder} cannot be written any more"
    return None


def is_passing(error: OSError) -> bool:
    """Return whether something failed for lack of a resource that may be available again."""
    return error.errno in (
        errno.EMFILE,
        errno.ENFILE,
        errno.EAGAIN,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
    )
