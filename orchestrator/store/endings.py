"""How logs end, read once for each state of a file: lists ask it of a thousand logs at a time."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .files.identities import FileCache, identity_of

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reading.reader import Ending

_MOST_KNOWN = 100_000

_endings: "FileCache[str, Ending]" = FileCache(_MOST_KNOWN)


def ending_of(dat_path: str | Path) -> "Ending":
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


class KnownLogs:
    """Which `.dat` files are logs. A log stays one; another file is looked at when it changed."""

    def __init__(self) -> None:
        self._logs: set[str] = set()
        self._others: FileCache[str, bool] = FileCache(_MOST_KNOWN)

    def is_log(self, path: str) -> bool:
        """Whether this file is a log, or cannot be read: then its page says why."""
        if path in self._logs:
            return True
        try:
            identity = identity_of(os.stat(path))  # noqa: PTH116
            is_known = self._others.get(path, identity, lambda: _is_log(path, identity.size_bytes))
        except OSError:
            return True
        if is_known:
            self._logs.add(path)
        return is_known

    def are_certain(self, paths: Iterable[str]) -> bool:
        """Whether all of these were read and found to be logs."""
        return all(path in self._logs for path in paths)


def _is_log(path: str, size_bytes: int) -> bool:
    """As `source.is_log`; the ending is read with the same look at the file."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError
    from ml_tracking_ops.logger.reading.source import is_log

    if not size_bytes:
        return False
    try:
        return not ending_of(path).is_legacy or is_log(path)
    except LogFormatError as error:
        return error.is_log
