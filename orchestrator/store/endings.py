"""How logs end, read once for each state of a file: lists need the endings of a thousand logs at a
time."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zlib import crc32

from ml_tracking_ops.logger.tensorboard.event_names import is_event_file

from .files.cache_folder import CacheFolder
from .files.identities import CachedValue, FileCache, Identity, identify, identity_of

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reading.reader import Ending

_MOST_KNOWN = 200_000
_MOST_SAVED_BYTES = 64 << 20

_endings: "dict[str, CachedValue[Ending]]" = {}
"""By path. A dictionary takes half the memory of a cache that tracks the last use."""


def ending_of(dat_path: str | Path) -> "Ending":
    """Read as `read_ending`, but without following links. An unchanged log is not opened again."""
    path = os.fspath(dat_path)
    if is_event_file(path) and (identity := identify(path)) is not None:
        return _ending_of(path, identity)
    return _ending_of(path, identity_of(os.stat(path)))  # noqa: PTH116


def last_ending_of(path: str) -> "Ending":
    """Return the ending as of the last look at the log, or read it if there was none.

    Raises:
        OSError, LogFormatError: it cannot be read.
    """
    known = _endings.get(path)
    return ending_of(path) if known is None else known.value


def _ending_of(path: str, identity: Identity) -> "Ending":
    known = _endings.get(path)
    if known is not None and known.identity == identity:
        return known.value
    return _keep(path, identity, _read(path))


def _keep(path: str, identity: Identity, ending: "Ending") -> "Ending":
    if len(_endings) >= _MOST_KNOWN:
        _endings.clear()
    _endings[path] = CachedValue(identity, ending)
    return ending


def _read(path: str) -> "Ending":
    from ml_tracking_ops.logger.reading.reader import read_ending

    return read_ending(path, follow_link=False)


def log_trouble(dat_path: Path) -> str | None:
    """Explain why a log cannot be read, or return None if it can, however little is in it."""
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


class EndingsInCache:
    """Keeps the endings of the logs below a folder in the user's cache, for later programs.

    Each is used as long as its log has the same identity.

    Args:
        worth_saving: how many more than at the last save must be known, plus a tenth.
    """

    def __init__(self, folder: Path, cache: CacheFolder | None, worth_saving: int = 50) -> None:
        self._folder = f"{os.fspath(folder)}{os.sep}"
        self._key = f"endings of {self._folder}"
        self._cache = cache
        self._worth_saving = worth_saving
        self._n_saved = 0

    def load(self) -> None:
        """Take in what an earlier program has saved, or nothing if it is damaged."""
        if self._cache is None:
            return
        try:
            rows = self._cache.use(self._key, _checked_rows) or []
            for path, identity, ending in map(_from_row, rows):
                _keep(f"{self._folder}{path}", identity, ending)
        except (ValueError, TypeError):
            self._cache.remove(self._key)
            return
        self._n_saved = len(rows)

    def save(self) -> None:
        """Save the endings, if there are many more than at the last save."""
        if self._cache is None or len(_endings) < self._n_saved * 1.1 + self._worth_saving:
            return
        n = len(self._folder)
        rows = [
            _to_row(path[n:], known.identity, known.value)
            for path, known in list(_endings.items())
            if path.startswith(self._folder) and known.identity and not known.value.is_legacy
        ]
        text = json.dumps(rows, separators=(",", ":")).encode()
        self._cache.write(self._key, crc32(text).to_bytes(4, "little") + text)
        self._n_saved = len(_endings)


def _checked_rows(read_at: Callable[[int, int], bytes]) -> list[Any]:
    data = read_at(0, _MOST_SAVED_BYTES)
    if crc32(data[4:]) != int.from_bytes(data[:4], "little"):
        raise ValueError("damaged")
    rows: list[Any] = json.loads(data[4:])
    return rows


def _to_row(path: str, identity: Identity, ending: "Ending") -> list[Any]:
    flags = (
        ending.is_closed,
        ending.ended_with_error,
        ending.exit_is_unknown,
        ending.is_event_log,
    )
    packed = sum(flag << bit for bit, flag in enumerate(flags))
    return [path, *identity, ending.created_at, ending.last_wall_time, packed]


def _from_row(row: list[Any]) -> tuple[str, Identity, "Ending"]:
    from ml_tracking_ops.logger.reading.reader import Ending

    path, device, inode, size_bytes, modified_ns, created_at, last_wall_time, packed = row
    ending = Ending(
        bool(packed & 1),
        bool(packed & 2),
        created_at,
        last_wall_time,
        exit_is_unknown=bool(packed & 4),
        is_event_log=bool(packed & 8),
    )
    return path, Identity(device, inode, size_bytes, modified_ns), ending


class KnownLogs:
    """Which `.dat` files are logs. A log remains one. Another file is checked again when it
    changed."""

    def __init__(self) -> None:
        self._logs: set[str] = set()
        self._others: FileCache[str, Literal[True]] = FileCache(_MOST_KNOWN)

    def is_log(self, path: str) -> bool:
        """Return whether this file is a log, or cannot be read: then its page explains why."""
        if path in self._logs:
            return True
        try:
            identity = identity_of(os.stat(path))  # noqa: PTH116
            if self._others.find(path, identity) or not _is_log(path, identity):
                self._others.put(path, identity, True)
                return False
        except OSError:
            return True
        self._logs.add(path)
        return True

    def are_certain(self, paths: Iterable[str]) -> bool:
        """Return whether all of these were read and found to be logs."""
        return all(path in self._logs for path in paths)


def _is_log(path: str, identity: Identity) -> bool:
    """Return the same as `source.is_log`. The ending is read with the same look at the file."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError
    from ml_tracking_ops.logger.reading.source import is_log

    if not identity.size_bytes:
        return False
    try:
        return not _ending_of(path, identity).is_legacy or is_log(path)
    except LogFormatError as error:
        return error.is_log
