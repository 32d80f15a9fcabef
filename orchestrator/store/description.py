"""The description of a sweep: its configuration and where its code came from, written once."""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger.guarded import READ, open_guarded

from ..errors import DescriptionError
from .files import fields

_MOST_BYTES = 16 << 20


def read_description(path: Path) -> tuple[dict[str, Any], float]:
    """Return the content of a description, and when it was changed.

    Raises:
        DescriptionError: it cannot be read.
    """
    try:
        text, modified = _read(path)
        description = fields.printable(json.loads(text))
    except OSError as error:
        raise DescriptionError(path, error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:
        raise DescriptionError(path, f"it is not valid JSON: {error}") from None
    if not isinstance(description, dict):
        raise DescriptionError(path, "it is not a JSON object")
    return description, modified


def _read(path: Path) -> tuple[bytes, float]:
    """Return its bytes and when it was changed, of the very file that was opened.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    fd = open_guarded(path, READ)
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
        if status.st_size > _MOST_BYTES:
            raise OSError(errno.EFBIG, f"it has more than {_MOST_BYTES >> 20} MiB")
        return file.read(_MOST_BYTES), status.st_mtime
