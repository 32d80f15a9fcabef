"""Topics in files that only grow: the points of a run, and its output.

A topic is read in two ways. Live: the feed looks when the file changed, and what is new goes to
every follower, encoded once. Privately: a follower that is not at the live stream (it is new, or
was too slow) reads on from its own place until it is. A place is a byte offset, so the two ways
meet exactly: nothing is missed, nothing comes twice.
"""

import codecs
import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Generic, NotRequired, TypedDict, TypeVar

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.guarded import READ, open_guarded
from ml_tracking_ops.logger.reading.event_log import EventTail
from ml_tracking_ops.logger.reading.reader import LogFormatError, LogTail, Series, read_ending
from ml_tracking_ops.logger.records import RECORD_SIZE
from ml_tracking_ops.orchestrator.store.files.identities import identify

from ..series.thinning import PointColumns, Points, thin, to_columns
from ..serving.sse import encode_event

R = TypeVar("R")

_LIVE_BYTES = 4 << 20
_SMALLEST_CHUNK_BYTES = 256 << 10
_LARGEST_CHUNK_BYTES = 4 << 20
_POINTS_A_LIVE_EVENT = 256
_POINTS_A_CATCH_UP_EVENT = 4_000
_OUTPUT_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """A position of a reader: a cursor, in a generation of the file.

    A generation ends when a file is replaced or cut, which makes its cursors useless.
    """

    generation: int
    cursor: int


@dataclass(frozen=True, slots=True)
class TopicUpdate:
    """An encoded event (or none: ``b""``), and the position of a client that has received it."""

    end: ReadPosition
    frame: bytes


@dataclass(frozen=True, slots=True)
class TopicUpdates:
    """The result of one look. `has_more`: look again soon. `is_flood`: more than can be drawn."""

    updates: tuple[TopicUpdate, ...] = ()
    has_more: bool = False
    is_flood: bool = False


class FileTopic(ABC, Generic[R]):
    """A growing file that is read from any place on.

    `place` is the position of the live stream. Only the event loop changes it. `look` and `read_on`
    run in worker threads.
    """

    kind: str

    def __init__(self, run_id: str, path: Path) -> None:
        self.run_id = run_id
        self.path = path
        self.place = ReadPosition(0, 0)

    @property
    def paths(self) -> frozenset[Path]:
        """The files that are read again when they change."""
        return frozenset((self.path,))

    def place_of(self, cursor: int) -> ReadPosition:
        """Return the position of a client with this cursor."""
        return ReadPosition(self.place.generation, cursor)

    @abstractmethod
    def look(self) -> TopicUpdates:
        """Return what is new in the live stream."""

    @abstractmethod
    def open_reader(self, cursor: int) -> R:
        """Return a private reader that continues from `cursor`."""

    @abstractmethod
    def read_next(self, reader: R, place: ReadPosition, n_bytes: int) -> TopicUpdate | None:
        """Return the next event for a private reader, at most `n_bytes` on. None if there is
        none."""

    def read_on(self, reader: R, place: ReadPosition, target: ReadPosition) -> TopicUpdate | None:
        """Return the next event for a follower on its way from `place` to the live stream at
        `target`.

        None means that only a look of the live stream can find out how it continues.
        """
        if place.generation != target.generation or not self.is_possible(place.cursor):
            return TopicUpdate(ReadPosition(target.generation, 0), self.encode_reset())
        gap = target.cursor - place.cursor
        return self.read_next(reader, place, gap) if gap > 0 else None

    def encode_reset(self) -> bytes:
        return encode_event("reset", {"run": self.run_id})

    def is_possible(self, cursor: int) -> bool:
        """Return whether the current file can have had this cursor."""
        return cursor <= _size_bytes(self.path)


class RunTopic(FileTopic[LogTail | EventTail]):
    """The points of one run, from its `.dat`."""

    kind = "run"

    def __init__(self, run_id: str, path: Path) -> None:
        super().__init__(run_id, path)
        self._tail = self.open_reader(self.end_cursor())
        self.place = ReadPosition(0, self._tail.offset)

    def end_cursor(self) -> int:
        """Return the position of a reader that has read everything so far."""
        return end_cursor(self.path)

    def look(self) -> TopicUpdates:
        generation, start = self.place.generation, self.place.cursor
        try:
            batch = self._tail.read(_LIVE_BYTES)
        except (OSError, LogFormatError):
            return TopicUpdates()
        updates = []
        if batch.was_reset:
            generation, start = generation + 1, 0
            updates.append(TopicUpdate(ReadPosition(generation, 0), self.encode_reset()))
        if batch.offset != start:
            frame = self._encode(start, batch.offset, batch.series, _POINTS_A_LIVE_EVENT)
            updates.append(TopicUpdate(ReadPosition(generation, batch.offset), frame))
        is_flood = batch.offset - start > _POINTS_A_LIVE_EVENT * RECORD_SIZE
        return TopicUpdates(tuple(updates), batch.has_more, is_flood)

    def open_reader(self, cursor: int) -> LogTail | EventTail:
        return LogTail(self.path, cursor, follow_link=False)

    def is_possible(self, cursor: int) -> bool:
        is_whole_legacy_file = cursor == _size_bytes(self.path)
        return super().is_possible(cursor) and (cursor % RECORD_SIZE == 0 or is_whole_legacy_file)

    def read_next(
        self, reader: LogTail | EventTail, place: ReadPosition, n_bytes: int
    ) -> TopicUpdate | None:
        if place.cursor == 0 and n_bytes == RECORD_SIZE:  # the header, and nothing after it yet
            frame = self._encode(0, RECORD_SIZE, {}, 1)
            return TopicUpdate(ReadPosition(place.generation, RECORD_SIZE), frame)
        if place.cursor == 0:  # a tail skips the header without counting it
            n_bytes -= RECORD_SIZE
        chunk_bytes = max(_SMALLEST_CHUNK_BYTES, min(n_bytes // 16, _LARGEST_CHUNK_BYTES))
        return self.read_batch(
            reader, place, min(n_bytes, chunk_bytes // RECORD_SIZE * RECORD_SIZE)
        )

    def read_batch(
        self, reader: LogTail | EventTail, place: ReadPosition, n_bytes: int
    ) -> TopicUpdate | None:
        """Return the next event, with at most this many bytes."""
        try:
            batch = reader.read(n_bytes)
        except (OSError, LogFormatError):
            return None
        if batch.was_reset and batch.offset > place.cursor:  # what came before no longer counts
            frame = self._encode(batch.offset, batch.offset, {}, 1)  # a gap: all is fetched again
            return TopicUpdate(ReadPosition(place.generation, batch.offset), frame)
        if batch.was_reset or batch.offset == place.cursor:
            return None
        frame = self._encode(place.cursor, batch.offset, batch.series, _POINTS_A_CATCH_UP_EVENT)
        return TopicUpdate(ReadPosition(place.generation, batch.offset), frame)

    def _encode(self, start: int, end: int, series: dict[str, Series], n_points: int) -> bytes:
        n_buckets = max(1, n_points // (2 * max(1, len(series))))
        metrics, is_thinned = thin_metrics(series, n_buckets)
        since_ms, packed = pack_metrics(metrics)
        event: PointsEvent = {
            "run": self.run_id,
            "start": start,
            "cursor": end,
            "since_ms": since_ms,
            "metrics": packed,
        }
        if is_thinned:
            event["is_thinned"] = True
        return encode_event("points", event)


PackedPoints = tuple[list[int], list[int], list[float | None]]
"""Steps, milliseconds, values."""


class PointsEvent(TypedDict):
    """New points of a run, from one cursor to another. `since_ms`: see `pack_metrics`."""

    run: str
    start: int
    cursor: int
    since_ms: int
    metrics: Mapping[str, PackedPoints]
    is_thinned: NotRequired[bool]


def thin_metrics(series: dict[str, Series], n_buckets: int) -> tuple[dict[str, PointColumns], bool]:
    """Return new points of each metric, in file order, thinned if there are too many to draw."""
    metrics: dict[str, PointColumns] = {}
    is_thinned = False
    for name, column in series.items():
        points = Points(column.step, column.wall_time, column.value)
        kept = thin(points, n_buckets)
        is_thinned = is_thinned or len(kept) < len(points)
        metrics[name] = to_columns(kept)
    return metrics, is_thinned


def pack_metrics(metrics: Mapping[str, PointColumns]) -> tuple[int, dict[str, PackedPoints]]:
    """Return columns as sent live, in half the bytes: a time, and three lists for each metric.

    They are the steps, the wall times in milliseconds after that time, and the values.
    """
    at_ms = {
        name: [round(at * 1e3) for at in found["wall_time"]] for name, found in metrics.items()
    }
    since_ms = min(chain.from_iterable(at_ms.values()), default=0)
    return since_ms, {
        name: (found["step"], [at - since_ms for at in at_ms[name]], found["value"])
        for name, found in metrics.items()
    }


class OutputTopic(FileTopic[None]):
    """The output of one run, from its `.log`. In a flood only the end is sent."""

    kind = "log"

    def __init__(self, run_id: str, path: Path) -> None:
        super().__init__(run_id, path)
        identity = identify(path)
        self.place = ReadPosition(0, identity.size_bytes if identity else 0)
        self._file = identity.file if identity else None

    def look(self) -> TopicUpdates:
        generation, start = self.place.generation, self.place.cursor
        identity = identify(self.path)
        size, file = (identity.size_bytes, identity.file) if identity else (0, None)
        updates = []
        if size < start or (file != self._file and self._file is not None):
            generation, start = generation + 1, 0
            updates.append(TopicUpdate(ReadPosition(generation, 0), self.encode_reset()))
        self._file = file
        update = self._read(ReadPosition(generation, start), size)
        return TopicUpdates((*updates, update) if update else tuple(updates))

    def encode_reset(self) -> bytes:
        return encode_event("log", {"run": self.run_id, "start": 0, "offset": 0, "text": ""})

    def open_reader(self, cursor: int) -> None:
        return None

    def read_next(self, reader: None, place: ReadPosition, n_bytes: int) -> TopicUpdate | None:
        return self._read(place, place.cursor + n_bytes)

    def _read(self, place: ReadPosition, stop: int) -> TopicUpdate | None:
        start = max(place.cursor, stop - _OUTPUT_BYTES)
        text, n_bytes = decode_whole(_read_bytes(self.path, start, stop - start))
        if not n_bytes:
            return None
        end = start + n_bytes
        data = {"run": self.run_id, "start": start, "offset": end, "text": text}
        return TopicUpdate(ReadPosition(place.generation, end), encode_event("log", data))


def decode_whole(data: bytes) -> tuple[str, int]:
    """Return the text of the whole characters in `data`, and how many bytes they are.

    A character that is still being written waits for its rest. Invalid UTF-8 is replaced.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    return text, len(data) - len(decoder.getstate()[0])


def end_cursor(path: Path) -> int:
    """Return the position of a tail that has read all whole records of a `.dat`.

    Its header is as long as a record. A log of the original tool is read as a whole.
    """
    size_bytes = _size_bytes(path)
    with contextlib.suppress(OSError, LogFormatError):
        if read_ending(path, follow_link=False).is_legacy:
            return size_bytes
    return size_bytes // RECORD_SIZE * RECORD_SIZE


def _size_bytes(path: Path) -> int:
    identity = identify(path)
    return identity.size_bytes if identity else 0


def _read_bytes(path: Path, start: int, n_bytes: int) -> bytes:
    """Return bytes of a regular file, or none for anything else (opening a FIFO must not hang)."""
    with contextlib.suppress(OSError):
        fd = open_guarded(path, READ)
        try:
            return os_files.pread(fd, n_bytes, start)
        finally:
            os.close(fd)
    return b""
