"""How logs end, read once for each state of a file: lists ask it of a thousand logs at a time."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reader import Ending

_MOST_KNOWN = 100_000

_known: dict[str, tuple[tuple[int, ...], "Ending"]] = {}


def ending_of(dat_path: Path) -> "Ending":
    """As `read_ending`, but of no link; a log that is as it was is not opened again."""
    path = os.fspath(dat_path)
    identity = _identity(path)
    known = _known.get(path)
    if known is not None and known[0] == identity:
        return known[1]
    from ml_tracking_ops.logger.reader import read_ending

    ending = read_ending(path, follow_link=False)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[path] = identity, ending
    return ending


def log_trouble(dat_path: Path) -> str | None:
    """Why nothing can be read of a log; None of one that can be, however little is in it."""
    from ml_tracking_ops.logger.reader import LogFormatError

    try:
        ending_of(dat_path)
    except FileNotFoundError:
        return "there is no log"
    except OSError as error:
        return f"the log cannot be read: {error.strerror or error}"
    except LogFormatError as error:
        return str(error)
    return None


def _identity(path: str) -> tuple[int, ...]:
    status = os.stat(path)  # noqa: PTH116
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
