"""Folders of TensorBoard's event files as logs: whole, how they end, and what is new in them."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from .. import os_files
from ..tensorboard.decoding import EventDecoder, join_scalars
from ..tensorboard.event import HPARAMS
from ..tensorboard.event_names import files_beside
from ..tensorboard.framing import AROUND, HEAD, Records, chain, head_is_intact, split
from ..tensorboard.hparams import Setting
from .bounded_reading import BoundedReading, TooLongError
from .columns import Series
from .event_files import EventFiles, ReplacedError, require_events, series_by_name
from .source import open_descriptor
from .tail import TailBatch

_PEEK_BYTES = 1 << 14
_HEAD_BYTES = 1 << 18
_MOST_PEEKED = 64
_HPARAMS = HPARAMS.encode()


@dataclass(frozen=True)
class EventSeries:
    """What the event files of a folder hold.

    Attributes:
        series: by metric, what counts. `abandoned`: what a restart made void.
        n_skipped: damaged records. The rest of a file behind one is not read.
        others: tags of images, texts and the like, and their kinds.
    """

    series: Mapping[str, Series]
    abandoned: Mapping[str, Series]
    n_skipped: int
    size_bytes: int
    created_at: float | None
    n_left_out: int
    others: Mapping[str, str]


def read_events(
    path: str,
    *,
    follow_link: bool = True,
    max_metrics: int | None = None,
    always: Iterable[str] = (),
    is_whole: bool = False,
) -> EventSeries:
    """Read all event files of a folder. `path` is one of them. The options are those of `read_log`.

    Raises:
        FileNotFoundError: there is none.
        LogFormatError: the first is no event file.
        OSError: one cannot be opened or read.
    """
    require_events(path)
    decoder = EventDecoder(max_metrics, tuple(always))
    files = EventFiles(path, decoder, follow_link=follow_link)
    reading = BoundedReading(path, is_bounded=not is_whole)
    parts, before, has_more = [], 0, True
    with suppress(TooLongError, ReplacedError):  # what has been read so far counts
        while has_more:
            found, has_more = files.read()
            parts.append(found)
            reading.note(files.offset - before)
            before = files.offset
        if not files.n_damaged:
            reading.end()
    kept, void = series_by_name(join_scalars(parts), decoder)
    return EventSeries(
        kept,
        void,
        decoder.n_damaged + files.n_damaged + files.n_stepped_over,
        files.offset,
        decoder.first_wall_time,
        decoder.n_left_out,
        decoder.others,
    )


@dataclass(frozen=True, slots=True)
class EventPeek:
    """What the beginning and the end of a folder's event files contain.

    Attributes:
        created_at: the wall time of the first event. `last_wall_time`: of the last one.
        config: the hyperparameters of the hparams plugin.
        status: how the run ended according to that plugin: `success`, `failure` or nothing.
    """

    created_at: float | None
    last_wall_time: float | None
    config: Mapping[str, Setting]
    status: str | None


def peek_events(path: str) -> EventPeek:
    """Look at the beginnings of the files and at the end of the last one, however long they are.

    Raises:
        as `read_events`.
    """
    require_events(path)
    paths = files_beside(path)
    decoder = EventDecoder(max_metrics=0)
    first_wall_time = None
    for number, one in enumerate(paths[:_MOST_PEEKED]):
        data = _bytes_of(one, 0, _PEEK_BYTES)
        if number == 0:
            decoder.decode(_record_at(data, 0))
            first_wall_time = decoder.first_wall_time
        if len(data) == _PEEK_BYTES and _HPARAMS in data:
            data = _bytes_of(one, 0, _HEAD_BYTES)
        _decode_hparams(decoder, data)
    last = _bytes_of(paths[-1], -_PEEK_BYTES, _PEEK_BYTES)
    starts = _places_of_records(last)
    if starts:
        if len(last) == _PEEK_BYTES:  # of a shorter file it was the beginning too
            _decode_hparams(decoder, last[starts[0] :])
        decoder.decode(_record_at(last, starts[-1]))
    session = decoder.session
    return EventPeek(first_wall_time, decoder.last_wall_time, session.config, session.status)


def _decode_hparams(decoder: EventDecoder, data: bytes) -> None:
    """Decode the records that the hparams plugin reads. There are few, if any."""
    if _HPARAMS not in data:
        return
    starts, _, end = chain(data)
    found = data.find(_HPARAMS)
    while 0 <= found < end and len(starts):
        place = int(np.searchsorted(starts, found, "right")) - 1
        decoder.decode(_record_at(data, int(starts[max(place, 0)]) - HEAD))
        following = int(starts[place + 1]) if place + 1 < len(starts) else end
        found = data.find(_HPARAMS, following)


def _record_at(data: bytes, at: int) -> Records:
    """Return the record that begins at a place, if it is whole and intact."""
    length = int.from_bytes(data[at : at + 8], "little")
    return split(data[at : at + AROUND + length])


def _bytes_of(path: str, start: int, n_bytes: int) -> bytes:
    fd, found = open_descriptor(path, follow_link=False)
    try:
        start = max(0, found.st_size + start) if start < 0 else start
        return os_files.pread(fd, n_bytes, start)
    finally:
        os.close(fd)


def _places_of_records(data: bytes) -> list[int]:
    """Return where the whole records at the end of a file begin.

    The first is found by the checksum of its length, the others by following the lengths.
    """
    if len(data) < AROUND:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, np.uint8), 8)
    lengths = np.ascontiguousarray(windows).view("<u8")[:, 0]
    places = np.flatnonzero((lengths > 0) & (lengths < len(data)))
    ends = places + lengths[places].astype(np.int64) + AROUND
    for at in places[ends <= len(data)].tolist():
        if head_is_intact(data, at):
            starts, _, _ = chain(data[at:])
            return [at + start - HEAD for start in starts.tolist()]
    return []


class EventTail:
    """Reads what is new in the event files of a folder, as `LogTail` does for a `.dat`.

    A restart that makes values void is a reset: everything comes again, without them.
    """

    def __init__(
        self, path: str | os.PathLike[str], offset: int = 0, *, follow_link: bool = True
    ) -> None:
        """Args:
        path: one of the files. offset: where an earlier tail of the same files ended."""
        self.path = os.fspath(path)
        self._follow_link = follow_link
        self._files = self._open()
        self._n_purges = 0
        self._owes_reset = offset > 0 and not self._files.skip_to(offset)
        if self._owes_reset:
            self._files = self._open()

    @property
    def offset(self) -> int:
        """How many bytes have been read, of all files together."""
        return self._files.offset

    @property
    def n_skipped(self) -> int:
        """Damaged records so far."""
        return self._files.decoder.n_damaged + self._files.n_damaged

    def read(self, max_bytes: int = 4 << 20) -> TailBatch:
        """Return what is new, about `max_bytes` of it. A partially written last record waits.

        Raises:
            OSError, LogFormatError: as `read_events`.
        """
        try:
            found, has_more = self._files.read(max_bytes)
        except ReplacedError:
            self._owes_reset, self._files, self._n_purges = True, self._open(), 0
            found, has_more = self._files.read(max_bytes)
        decoder = self._files.decoder
        series, _ = series_by_name(found, decoder, purges=False)
        if len(decoder.purges) > self._n_purges:
            series = self._read_again()
            has_more = False
        was_reset, self._owes_reset = self._owes_reset, False
        status = decoder.session.status
        return TailBatch(
            series,
            was_reset,
            self.offset,
            has_more,
            is_closed=status in ("success", "failure"),
            ended_with_error=status == "failure",
        )

    def _read_again(self) -> dict[str, Series]:
        """Return all values that count, after a restart."""
        self._files = self._open()
        parts, has_more = [], True
        while has_more:
            found, has_more = self._files.read()
            parts.append(found)
        self._n_purges = len(self._files.decoder.purges)
        kept, _ = series_by_name(join_scalars(parts), self._files.decoder)
        self._owes_reset = True
        return kept

    def _open(self) -> EventFiles:
        return EventFiles(self.path, EventDecoder(), follow_link=self._follow_link)
