"""How logs end, read once for each state of a file: lists ask it of a thousand logs at a time."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from .files.identities import FileCache, identity_of

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reading.reader import Ending

_MOST_KNOWN = 100_000

_endings: "FileCache[str, Ending]" = FileCache(_MOST_KNOWN)


def ending_of(dat_path: Path) -> "Ending":
    """As `read_ending`, but of no link; a log that is as it was is not opened again."""
    path = os.fspath(dat_path)
    identity = identity_of(os.stat(path))  # noqa: PTH116
    return _endings.get(path, identity, lambda: _read(path))


def _read(path: str) -> "Ending":
    from ml_tracking_ops.logger.reading.reader import read_ending

    return read_ending(path, follow_link=False)


def log_trouble(dat_path: Path) -> str | None:
    """Why nothing can be read of a log; None of one that can be, however little is in it."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError

    try:
        ending_of(dat_path)
    except FileNotFoundError:
        return "there is no log"
    except OSError as error:
        return f"the log cannot be read: {error.strerror or error}"
    except LogFormatError as error:
        return str(error)
    return None
