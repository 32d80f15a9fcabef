"""The event files of one folder as one stream: what is new in each, file after file."""

import os
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from .. import os_files
from ..records import LogFormatError
from ..tensorboard.decoding import EventDecoder, Scalars, join_scalars
from ..tensorboard.event_names import files_beside
from ..tensorboard.framing import (
    AROUND,
    HEAD,
    MOST_RECORD_BYTES,
    Records,
    chain,
    head_is_intact,
    split,
)
from ..tensorboard.record_window import RecordWindow
from .bounded_reading import note_given_up
from .columns import Series
from .source import open_descriptor

CHUNK_BYTES = 1 << 20
_SMALL_BYTES = 1 << 13
_LONG_BYTES = 1 << 16
"""A longer record, of images or sounds, stays in its file: only names and lengths are read."""


@dataclass(slots=True)
class _Place:
    """How far one file was read. `file`: its device and inode.

    `is_before_long`: the next record is a long one.
    """

    offset: int = 0
    file: tuple[int, int] | None = None
    is_damaged: bool = False
    is_before_long: bool = False


class ReplacedError(Exception):
    """A file is shorter than what was read of it, another one, or gone: all must be read again."""


class EventFiles:
    """Reads the event files of a folder, each from where reading stopped. Keeps none open.

    Attributes:
        decoder: everything found besides scalars.
        n_damaged: files whose rest is not read because of a damaged record.
        n_stepped_over: records that are too long to be read.
    """

    def __init__(
        self,
        path: str,
        decoder: EventDecoder,
        *,
        follow_link: bool = True,
        only: list[str] | None = None,
    ) -> None:
        """Args:
        path: one of the files, or the folder.
        only: the paths to read, instead of all. More may be added to it.
        """
        self._path = path
        self._only = only
        self._follow_link = follow_link
        self._places: dict[str, _Place] = {}
        self.decoder = decoder
        self.n_damaged = 0
        self.n_stepped_over = 0

    @property
    def offset(self) -> int:
        """How many bytes of all files have been read."""
        return sum(place.offset for place in self._places.values())

    def files(self) -> list[str]:
        """Return the paths, in the order in which they are read."""
        if self._only is not None:
            return self._only
        folder = os.path.isdir(self._path)
        return files_beside(os.path.join(self._path, "") if folder else self._path)

    def read(self, max_bytes: int = CHUNK_BYTES) -> tuple[Scalars, bool]:
        """Read about `max_bytes` that are new. Returns the scalars, and whether there is more.

        Raises:
            ReplacedError: it must be read from the beginning, with another `EventFiles`.
            OSError: a file cannot be opened or read.
            LogFormatError: one is no regular file.
        """
        parts: list[Scalars] = []
        has_more = False
        paths = self.files()
        if any(path not in paths for path in self._places):
            raise ReplacedError
        for path in paths:
            while max_bytes > 0:
                place = self._places.setdefault(path, _Place())
                before = place.offset
                has_more = self._read_file(parts, path, place, max_bytes)
                max_bytes -= place.offset - before
                if not has_more:
                    break
            if max_bytes <= 0 and (has_more or path != paths[-1]):
                return join_scalars(parts), True
        return join_scalars(parts), False

    def skip_to(self, offset: int) -> bool:
        """Go to where so many bytes have been read.

        Returns False if no reading can have ended there.
        """
        for path in self.files():
            place = self._places.setdefault(path, _Place())
            place.offset = min(offset, _whole_records(path))
            offset -= place.offset
        return offset == 0

    def _read_file(self, parts: list[Scalars], path: str, place: _Place, max_bytes: int) -> bool:
        """Decode the next records of a file, and return whether there are more."""
        fd, found = open_descriptor(path, follow_link=self._follow_link)
        try:
            file = os_files.file_of(found)
            if place.file not in (None, file) or found.st_size < place.offset:
                raise ReplacedError
            place.file = file
            if place.is_damaged or found.st_size == place.offset:
                return False
            return self._read_next(parts, path, place, fd, found.st_size, max_bytes)
        finally:
            os.close(fd)

    def _read_next(
        self,
        parts: list[Scalars],
        path: str,
        place: _Place,
        fd: int,
        size_bytes: int,
        max_bytes: int,
    ) -> bool:
        n_bytes = _SMALL_BYTES if place.is_before_long else CHUNK_BYTES
        records = _records_at(fd, place, min(max_bytes, n_bytes))
        place.is_before_long = records.n_missing > _LONG_BYTES
        if records.n_bytes:
            parts.append(self.decoder.decode(records))
            place.offset += records.n_bytes
        if records.is_damaged:
            place.is_damaged = True
            self.n_damaged += 1
            note_given_up(path, damage_at(place.offset))
            return False
        if records.n_missing > MOST_RECORD_BYTES:
            return self._step_over(place, records.n_missing, size_bytes)
        if place.is_before_long and not records.n_bytes:
            return self._take_long(parts, place, fd, records.n_missing, size_bytes)
        return records.n_bytes > 0 and place.offset < size_bytes

    def _take_long(
        self, parts: list[Scalars], place: _Place, fd: int, n_bytes: int, size_bytes: int
    ) -> bool:
        if place.offset + n_bytes > size_bytes:
            return False  # it is still being written, or is cut short
        window = RecordWindow(fd, place.offset + HEAD, n_bytes - AROUND)
        parts.append(self.decoder.decode_one(window))
        place.offset += n_bytes
        return place.offset < size_bytes

    def _step_over(self, place: _Place, n_bytes: int, size_bytes: int) -> bool:
        if place.offset + n_bytes > size_bytes:
            return False  # it is still being written, or is cut short
        place.offset += n_bytes
        self.n_stepped_over += 1
        return place.offset < size_bytes


def _records_at(fd: int, place: _Place, n_bytes: int) -> Records:
    """Return the whole records from a place on. A single record is returned whole, however long."""
    records = split(os_files.pread(fd, n_bytes, place.offset))
    is_long = records.n_missing > _LONG_BYTES
    if not (records.n_bytes or records.is_damaged or is_long) and n_bytes < _LONG_BYTES:
        records = split(os_files.pread(fd, _LONG_BYTES, place.offset))
    return records


def size_of_files(path: str) -> int:
    """Return how many bytes the event files beside this one have together."""
    sizes = 0
    for one in files_beside(path):
        with suppress(OSError):
            sizes += os.stat(one).st_size
    return sizes


def whole_records_of_files(path: str) -> int:
    """Return how many of these bytes are whole records, by their lengths alone."""
    total = 0
    for one in files_beside(path):
        with suppress(OSError, LogFormatError):
            total += _whole_records(one)
    return total


def _whole_records(path: str) -> int:
    fd, found = open_descriptor(path, follow_link=False)
    at, n_bytes = 0, CHUNK_BYTES
    try:
        while at < found.st_size:
            data = os_files.pread(fd, n_bytes, at)
            _, _, end = chain(data)
            if not end:
                if len(data) < HEAD or not head_is_intact(data, 0):
                    break
                end = int.from_bytes(data[:8], "little") + AROUND
                if at + end > found.st_size:
                    break
            n_bytes = _SMALL_BYTES if end > n_bytes else CHUNK_BYTES
            at += end
    finally:
        os.close(fd)
    return at


def damage_at(offset: int) -> str:
    """Return the message about a file with a damaged record."""
    return f"is damaged at byte {offset}: what follows was not read"


def series_by_name(
    found: Scalars, decoder: EventDecoder, *, purges: bool = True
) -> tuple[dict[str, Series], dict[str, Series]]:
    """Return the values of each metric, in the order of the files: valid ones, and purged ones."""
    is_small = len(decoder.names) < 1 << 16  # numpy sorts these in one pass
    keys = found.number.astype(np.uint16) if is_small else found.number
    in_order = found.where(np.argsort(keys, kind="stable"))
    is_void = np.zeros(len(found), np.bool_)
    for sequence, step in decoder.purges if purges else ():
        is_void |= (in_order.sequence < sequence) & (in_order.step >= step)
    numbers, starts = np.unique(in_order.number, return_index=True)
    stops = [*starts[1:].tolist(), len(found)][: len(starts)]
    kept: dict[str, Series] = {}
    void: dict[str, Series] = {}
    for number, start, stop in zip(numbers.tolist(), starts.tolist(), stops, strict=True):
        part = slice(start, stop)
        series = Series(in_order.step[part], in_order.wall_time[part], in_order.value[part])
        is_kept = ~is_void[part]
        if (np.diff(in_order.sequence[part]) < 0).any():
            order = np.argsort(in_order.sequence[part], kind="stable")
            series = Series(series.step[order], series.wall_time[order], series.value[order])
            is_kept = is_kept[order]
        kept[decoder.names[number]] = series.among(is_kept)
        if not is_kept.all():
            void[decoder.names[number]] = series.among(~is_kept)
    return kept, void


def require_events(path: str) -> None:
    """Check that there is an event file.

    Raises:
        FileNotFoundError, LogFormatError: there is no event file, or the first is not one.
    """
    paths = files_beside(os.path.join(path, "") if os.path.isdir(path) else path)
    if not paths:
        raise FileNotFoundError(f"the folder {os.path.dirname(path)} holds no event file")
    fd, _ = open_descriptor(paths[0], follow_link=False)
    try:
        data = os_files.pread(fd, AROUND, 0)
    finally:
        os.close(fd)
    if split(data).is_damaged:
        raise LogFormatError(f"{paths[0]} is not an event file: its first record is damaged")
