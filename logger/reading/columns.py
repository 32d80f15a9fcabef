"""Convert records to columns: many with numpy, a few one by one. Every checksum is verified."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..records import (
    FAILED,
    ID_SHIFT,
    KIND_END,
    KIND_MASK,
    KIND_NAME,
    KIND_SCALAR,
    OPENED_AGAIN,
    RECORD_SIZE,
    NameAssembler,
    is_intact,
    unpack_record,
)
from .checksums import Rows, are_intact, as_rows
from .metric_limit import MetricLimit

CHUNK_BYTES = 16384 * RECORD_SIZE
"""How many bytes are decoded at once: half a megabyte, which stays in the processor's cache."""

_NO_ROWS: Rows = np.empty((0, 4), "<u8")
_SLAB_BYTES = 64 << 20
_MOST_IN_TURN = 64
_FEW_BYTES = 48 * RECORD_SIZE  # up to here a Python loop is faster than starting numpy


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The values of one metric, as columns in the order of the file.

    Attributes:
        step: shape (n_points,), int64.
        wall_time: shape (n_points,), float64, seconds since the epoch, or, in a log of the original
            tool, since the start of the run.
        value: shape (n_points,), float64.
    """

    step: NDArray[np.int64]
    wall_time: NDArray[np.float64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.step)

    def among(self, are_wanted: NDArray[np.bool_]) -> "Series":
        """Return some of the values: those where `are_wanted`, shape (n_points,), is true."""
        if are_wanted.all():
            return self
        return Series(self.step[are_wanted], self.wall_time[are_wanted], self.value[are_wanted])

    @staticmethod
    def joined(parts: "list[Series]") -> "Series":
        """Concatenate several series."""
        if len(parts) == 1:
            return parts[0]
        return Series(
            np.concatenate([part.step for part in parts]),
            np.concatenate([part.wall_time for part in parts]),
            np.concatenate([part.value for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The values of one stretch of a file, those of a metric side by side (a run of them).

    `are_in_turn`: instead, one value of each metric follows the other.
    """

    rows: Rows
    run_ids: NDArray[np.uint64]
    run_sizes: NDArray[np.int64]
    are_in_turn: bool = False

    def runs(self) -> Iterator[Rows]:
        """Yield the values of each metric."""
        if self.are_in_turn:
            n_metrics = len(self.run_ids)
            for place in range(n_metrics):
                yield self.rows[place::n_metrics]
            return
        begin = 0
        for size in self.run_sizes.tolist():
            yield self.rows[begin : begin + size]
            begin += size


@dataclass(frozen=True, slots=True)
class Columns:
    """The values of several metrics, side by side in three arrays."""

    series: Series
    ranges: dict[int, slice]
    """Metric id → where its values are."""
    starts: list[dict[int, int]] = field(default_factory=list)
    """For each time the log was opened again: metric id → how many values came before."""

    def starts_of(self, identifier: int) -> list[int]:
        """Return where each session but the first begins in the values of a metric."""
        return [counts.get(identifier, 0) for counts in self.starts]

    def of(self, identifier: int) -> Series:
        """Return the values of one metric: views, not copies."""
        where = self.ranges[identifier]
        series = self.series
        return Series(series.step[where], series.wall_time[where], series.value[where])


class Decoder:
    """Decodes a file's records piece by piece, and keeps what later pieces need.

    Attributes:
        names: declared so far.
        n_damaged: records that could not be read.
        is_closed: whether the last record marks that a process finished writing.
        ended_with_error: whether the last such record marks an exception.
        n_reopened: how often the log was opened again.
    """

    def __init__(
        self,
        max_metrics: int | None = None,
        always: Iterable[int] = (),
        few_bytes: int = _FEW_BYTES,
    ) -> None:
        """Args:
        max_metrics: keep the values of only this many metrics, the first ones.
        always: ids of metrics that are kept in addition.
        few_bytes: up to how many are decoded in a loop, without numpy.
        """
        self._few_bytes = few_bytes
        self.metric_limit = None if max_metrics is None else MetricLimit(max_metrics, always)
        self.names = NameAssembler()
        self.n_damaged = 0
        self.is_closed = False
        self.ended_with_error = False
        self.n_reopened = 0
        self._ids: dict[int, int] = {}
        self._starts: list[int] = []
        self._chunks: list[_Chunk] = []
        self._slab = _NO_ROWS

    @property
    def n_skipped(self) -> int:
        """How many records could not be read, or contradict an earlier declaration of a name."""
        return self.n_damaged + self.names.n_conflicts

    @property
    def ids(self) -> list[int]:
        """The metrics' ids, in the order declared or first seen."""
        return list(self._ids)

    def decode(self, data: bytes) -> dict[int, Series]:
        """Return the values in some whole records, by metric id."""
        if len(data) <= self._few_bytes:
            return self._decode_few(data)
        for start in range(0, len(data), CHUNK_BYTES):
            self.feed(memoryview(data)[start : start + CHUNK_BYTES], len(data) - start)
        columns = self.finish()
        in_order = sorted(columns.ranges, key=self._ids.__getitem__)
        return {identifier: columns.of(identifier) for identifier in in_order}

    def _decode_few(self, data: bytes) -> dict[int, Series]:
        found: dict[int, tuple[list[int], list[float], list[float]]] = {}
        for start in range(0, len(data), RECORD_SIZE):
            record = data[start : start + RECORD_SIZE]
            if not is_intact(record):
                self.n_damaged += 1
                continue
            head, step, wall_time, value = unpack_record(record)
            identifier = head >> ID_SHIFT
            kind = head & KIND_MASK
            if kind == KIND_SCALAR:
                self.is_closed = self.ended_with_error = False
                if identifier not in found:
                    self._note(identifier)
                    found[identifier] = [], [], []
                steps, wall_times, values = found[identifier]
                steps.append(step)
                wall_times.append(wall_time)
                values.append(value)
            elif kind == KIND_NAME:
                self._take_name(record)
            else:
                self._take_end(step)
        return {
            identifier: Series(
                np.array(steps, np.int64), np.array(wall_times), np.array(values, np.float64)
            )
            for identifier, (steps, wall_times, values) in found.items()
        }

    def _take_name(self, record: bytes) -> None:
        self.is_closed = self.ended_with_error = False
        self._note(self.names.add(record))

    def _note(self, identifier: int) -> None:
        self._ids.setdefault(identifier, len(self._ids))

    def _take_end(self, status: int) -> None:
        if status == OPENED_AGAIN:
            self.n_reopened += 1
            self.is_closed = self.ended_with_error = False
            return
        self.is_closed = True
        self.ended_with_error |= status == FAILED

    def feed(self, data: bytes | memoryview, n_bytes_to_come: int) -> None:
        """Take in whole records. The buffer may be used again afterwards.

        Args:
            data: up to CHUNK_BYTES.
            n_bytes_to_come: with these and after them, as far as known.
        """
        rows = as_rows(data)
        is_good = are_intact(rows)
        if not is_good.all():
            self.n_damaged += len(rows) - int(np.count_nonzero(is_good))
            rows = rows[is_good]
        kinds = _kinds(rows)
        others = np.flatnonzero(kinds != KIND_SCALAR)
        ends = others[kinds[others] == KIND_END]
        begin = 0
        for index in ends[rows[ends, 1] == OPENED_AGAIN].tolist():
            self._feed_good(rows[begin:index], n_bytes_to_come)
            self._take_end(OPENED_AGAIN)
            self._starts.append(len(self._chunks))
            begin = index + 1
        self._feed_good(rows[begin:], n_bytes_to_come)

    def _feed_good(self, rows: Rows, n_bytes_to_come: int) -> None:
        """Take in intact rows of one session."""
        kinds = _kinds(rows)
        is_scalar = kinds == KIND_SCALAR
        others = np.flatnonzero(~is_scalar)
        limit = self.metric_limit
        if limit is not None and limit.may_be_passed(len(self._ids) + len(others)):
            rows = rows[limit.is_within(rows, kinds, self._ids)]
            kinds = _kinds(rows)
            is_scalar = kinds == KIND_SCALAR
            others = np.flatnonzero(~is_scalar)
        if others.size:
            self._take_others(rows, kinds, others)
            rows = _without(rows, is_scalar, others)
        elif len(rows):
            self.is_closed = self.ended_with_error = False
        if len(rows):
            chunk = _grouped(rows, self._space_for(len(rows), n_bytes_to_come // RECORD_SIZE))
            self._chunks.append(chunk)
            self._meet(chunk, rows)

    def _space_for(self, n_rows: int, n_rows_to_come: int) -> Rows:
        """Return space for some rows, cut from a large piece: the system allocates large pieces
        faster."""
        if len(self._slab) < n_rows:
            n_slab_rows = max(n_rows, min(n_rows_to_come, _SLAB_BYTES // RECORD_SIZE))
            self._slab = np.empty((n_slab_rows, 4), "<u8")
        space, self._slab = self._slab[:n_rows], self._slab[n_rows:]
        return space

    def _take_others(self, rows: Rows, kinds: NDArray[np.uint16], others: NDArray[np.intp]) -> None:
        previous = -1
        for index in others.tolist():
            if index > previous + 1:  # values in between
                self.is_closed = self.ended_with_error = False
            previous = index
            if kinds[index] == KIND_NAME:
                self._take_name(rows[index].tobytes())
            else:
                self._take_end(int(rows[index, 1]))
        if previous < len(rows) - 1:
            self.is_closed = self.ended_with_error = False

    def _meet(self, chunk: _Chunk, rows: Rows) -> None:
        """Note the metrics whose declaration was not seen, in order of their first value."""
        unmet = [identifier for identifier in chunk.run_ids.tolist() if identifier not in self._ids]
        if unmet:
            found, first = np.unique(rows[:, 0] >> np.uint64(ID_SHIFT), return_index=True)
            place = dict(zip(found.tolist(), first.tolist(), strict=True))
            for identifier in sorted(unmet, key=place.__getitem__):
                self._note(identifier)

    def finish(self) -> Columns:
        """Return all values fed since the last call. Their rows are released along the way."""
        chunks, self._chunks = self._chunks, []
        sessions, self._starts = _counts_before(chunks, self._starts), []
        self._slab = _NO_ROWS  # a part of it would keep the whole in memory
        if not chunks:
            return Columns(_empty_series(0), {}, sessions)
        run_ids = np.concatenate([chunk.run_ids for chunk in chunks])
        run_sizes = np.concatenate([chunk.run_sizes for chunk in chunks])
        ids, of_run = np.unique(run_ids, return_inverse=True)
        by_metric = np.argsort(of_run, kind="stable")
        run_stops = np.empty_like(run_sizes)
        run_stops[by_metric] = np.cumsum(run_sizes[by_metric])
        stops = run_stops[by_metric[np.cumsum(np.bincount(of_run)) - 1]]
        series = _filled(chunks, run_stops.tolist())
        starts = [0, *stops[:-1].tolist()]
        ranges = map(slice, starts, stops.tolist())
        return Columns(series, dict(zip(ids.tolist(), ranges, strict=True)), sessions)


def _counts_before(chunks: list[_Chunk], starts: list[int]) -> list[dict[int, int]]:
    """Return, by number of chunks: metric id → how many values those chunks contain."""
    found: list[dict[int, int]] = []
    counts: dict[int, int] = {}
    done = 0
    for start in starts:
        for chunk in chunks[done:start]:
            for one, size in zip(chunk.run_ids.tolist(), chunk.run_sizes.tolist(), strict=True):
                counts[one] = counts.get(one, 0) + size
        done = start
        found.append(dict(counts))
    return found


def _empty_series(n_points: int) -> Series:
    return Series(
        np.empty(n_points, np.int64), np.empty(n_points, np.float64), np.empty(n_points, np.float64)
    )


def _filled(chunks: list[_Chunk], run_stops: list[int]) -> Series:
    """Copy the runs of all chunks to where they end in the columns. Empties `chunks`."""
    series = _empty_series(sum(len(chunk.rows) for chunk in chunks))
    stops = iter(run_stops)
    chunks.reverse()
    while chunks:
        chunk = chunks.pop()
        for run in chunk.runs():
            stop = next(stops)
            where = slice(stop - len(run), stop)
            floats = run.view("<f8")
            series.step[where] = run.view("<i8")[:, 1]
            series.wall_time[where] = floats[:, 2]
            series.value[where] = floats[:, 3]
    return series


def _grouped(rows: Rows, space: Rows) -> _Chunk:
    """Copy the rows into `space`, those of a metric side by side and in the order of the file."""
    ids = rows[:, 0] >> np.uint64(ID_SHIFT)
    if (ids == ids[0]).all():
        space[:] = rows
        return _Chunk(space, ids[:1].copy(), np.array([len(rows)]))
    n_metrics = _period_of(ids)
    if n_metrics:  # as `add_scalars` writes them: the same metrics repeatedly, in one order
        space[:] = rows
        n_turns, n_more = divmod(len(rows), n_metrics)
        sizes = n_turns + (np.arange(n_metrics) < n_more)
        return _Chunk(space, ids[:n_metrics].copy(), sizes, are_in_turn=True)
    # numpy sorts 16-bit numbers in linear time, and stably.
    order = np.argsort(ids.astype(np.uint16), kind="stable")
    starts = _run_starts(ids[order])
    if len(set(ids[order[starts]].tolist())) < len(starts):  # two ids share their low 16 bits
        order = np.argsort(ids, kind="stable")
        starts = _run_starts(ids[order])
    sizes = np.diff(starts, append=len(rows))
    return _Chunk(rows.take(order, axis=0, out=space, mode="wrap"), ids[order[starts]], sizes)


def _kinds(rows: Rows) -> NDArray[np.uint16]:
    return rows.view("<u2")[:, 0] & np.uint16(KIND_MASK)


def _without(rows: Rows, are_wanted: NDArray[np.bool_], others: NDArray[np.intp]) -> Rows:
    """Return the wanted rows, without a copy if the others are all before or behind them."""
    n_before = int(np.count_nonzero(others == np.arange(len(others))))
    end = len(rows) - (len(others) - n_before)
    if n_before == len(others) or others[n_before] >= end:
        return rows[n_before:end]
    return rows[are_wanted]


def _period_of(ids: NDArray[np.uint64]) -> int:
    """Return after how many rows the ids repeat in one order, each once, or 0 if they do not."""
    again = np.flatnonzero(ids[1 : _MOST_IN_TURN + 1] == ids[0])
    if not again.size:
        return 0
    period = int(again[0]) + 1
    if len(set(ids[:period].tolist())) < period:
        return 0
    return period if (ids[period:] == ids[:-period]).all() else 0


def _run_starts(ids: NDArray[np.uint64]) -> NDArray[np.intp]:
    return np.concatenate([[0], np.flatnonzero(ids[1:] != ids[:-1]) + 1])
