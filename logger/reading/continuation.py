"""Continue reading a log, perhaps one that a program which has ended since began to read.

A log is only appended to. A `LogPosition` records how far it was read, with checksums of its
beginning and of the bytes just before that place. If both still match, only the bytes behind are
new.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

from .. import os_files
from ..records import RECORD_SIZE, LogFormatError, metric_id, unnamed
from .bounded_reading import BoundedReading, TooLongError, next_data
from .columns import CHUNK_BYTES, Decoder, Series
from .source import open_descriptor

_CHECKED_BYTES = 64 * RECORD_SIZE
_UNNAMED = unnamed(0)[:8]


@dataclass(frozen=True, slots=True)
class LogPosition:
    """A place in a log, always between two records, and a checksum of what is before it."""

    cursor: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Continuation:
    """The values behind a mark, and the next mark."""

    series: dict[str, Series]
    mark: LogPosition


def mark_at(path: str | os.PathLike[str], cursor: int) -> LogPosition | None:
    """Return a mark for the place up to which a log was read, or None if it allows no
    continuation."""
    if cursor < RECORD_SIZE or cursor % RECORD_SIZE:
        return None
    try:
        fd, _ = open_descriptor(path, follow_link=False)
    except (OSError, LogFormatError):
        return None
    try:
        checksum = _checksum(fd, cursor)
    except OSError:
        return None
    finally:
        os.close(fd)
    return None if checksum is None else LogPosition(cursor, checksum)


def _checksum(fd: int, cursor: int) -> str | None:
    start = max(0, cursor - _CHECKED_BYTES)
    before = os_files.pread(fd, cursor - start, start)
    if len(before) < cursor - start:
        return None
    header = os_files.pread(fd, RECORD_SIZE, 0)
    return hashlib.blake2b(header + before, digest_size=16).hexdigest()


def read_behind(
    path: str | os.PathLike[str], mark: LogPosition, names: Iterable[str], max_metrics: int
) -> Continuation | None:
    """Return the values behind a mark, or None if the whole log has to be read.

    This is so if the file is another one, if a metric is met whose name is before the mark or is
    lost, or if there are more than `max_metrics`.

    Args:
        names: the metrics that were found before the mark.

    Raises:
        LogFormatError: the file is no log, or is too long (`bounded_reading`).
        OSError: it cannot be opened or read.
    """
    known = {metric_id(name): name for name in names}
    if any(name.startswith(_UNNAMED) for name in known.values()):
        return None
    fd, found = open_descriptor(path, follow_link=False)
    try:
        if found.st_size < mark.cursor or _checksum(fd, mark.cursor) != mark.checksum:
            return None
        decoder = Decoder()
        decoder.names.names.update(known)
        cursor = _feed(fd, os.fspath(path), decoder, mark.cursor, found.st_size)
        checksum = _checksum(fd, cursor)
    finally:
        os.close(fd)
    columns = decoder.finish()
    of_name = decoder.names.names
    if checksum is None or len(of_name) > max_metrics or not columns.ranges.keys() <= set(of_name):
        return None
    in_order = [identifier for identifier in decoder.ids if identifier in columns.ranges]
    series = {of_name[identifier]: columns.of(identifier) for identifier in in_order}
    return (
        Continuation(series, LogPosition(cursor, checksum))
        if len(series) == len(in_order)
        else None
    )


def _feed(fd: int, path: str, decoder: Decoder, cursor: int, size_bytes: int) -> int:
    """Decode what is behind a place, and return where it ends. A torn record waits."""
    reading = BoundedReading(path)
    while True:
        cursor = max(cursor, next_data(fd, cursor, size_bytes) // RECORD_SIZE * RECORD_SIZE)
        if cursor + RECORD_SIZE > size_bytes:
            return cursor
        data = os_files.pread(fd, min(CHUNK_BYTES, size_bytes - cursor), cursor)
        n_whole = len(data) // RECORD_SIZE * RECORD_SIZE
        if not n_whole:
            return cursor
        try:
            reading.note(n_whole)
        except TooLongError:
            return cursor
        decoder.feed(memoryview(data)[:n_whole], size_bytes - cursor)
        cursor += n_whole
