"""Read a configuration file, which must be regular and of limited length."""

import errno
import os
import stat
from pathlib import Path

from ml_tracking_ops.logger import os_files

MOST_BYTES = 16 << 20
MOST_YAML_BYTES = 1 << 20  # reading YAML takes a hundred times as long as JSON


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Return the text of a file. Never waits for a writer, and never reads without end.

    Raises:
        OSError: it cannot be read, is no regular file, or is too long.
        UnicodeDecodeError: it is no UTF-8.
    """
    with os.fdopen(os.open(path, os_files.READ), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes >> 20} MiB", str(path))
    return data.decode("utf-8-sig")


def why(error: OSError | UnicodeDecodeError) -> str:
    """Explain why a file cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        is_utf16 = error.object.startswith((b"\xff\xfe", b"\xfe\xff"))
        return f"it is {'UTF-16' if is_utf16 else 'not UTF-8'}. Save it as UTF-8"
    return error.strerror or str(error)
