"""Which points of several series are kept, so that no extreme is lost. Pure and vectorised.

The series are side by side in the columns of `Stack`. A series of `count` points is cut into
cells of a power of two of points, at most `FINEST`. Of each cell the lowest and the highest value
stay, and the first and the last point of all. When a series grows its cells are merged two by two,
and what is kept of a merged cell is among what was kept of its parts: so a stack that was extended
is the same, bit by bit, as one that is made of all points at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..thinning import Float64s, Int64s, Points

FINEST = 512
"""The largest number of cells of a series."""
_SMALL = 4096

Positions = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class Stack:
    """Series side by side.

    Attributes:
        points: of all series. Those of one ascend by step.
        places: which point of its series each is, from 0, shape (n_points,). None: all are there.
        lengths: how many points each series has here, shape (n_series,).
        counts: how many points each has in all, shape (n_series,).
    """

    points: Points
    places: Int64s | None
    lengths: Int64s
    counts: Int64s

    @property
    def index(self) -> Int64s:
        """`places`, for whole series too."""
        if self.places is not None:
            return self.places
        stops = np.cumsum(self.lengths)
        return np.arange(len(self.points)) - np.repeat(stops - self.lengths, self.lengths)

    def series(self) -> list[Points]:
        """Return the points of each series: views, not copies."""
        stops = np.cumsum(self.lengths).tolist()
        starts = [0, *stops][:-1]
        return [self.points.take(slice(*ends)) for ends in zip(starts, stops, strict=True)]

    def taken(self, kept: Positions) -> "Stack":
        """Return the points at some positions, which ascend."""
        ends = np.searchsorted(kept, np.cumsum(self.lengths))
        lengths = np.diff(ends, prepend=0)
        return Stack(self.points.take(kept), self.index[kept], lengths, self.counts)


def stack_of(series: Sequence[Points], *, small: int = _SMALL) -> Stack:
    """Return the finest stack of whole series.

    Args:
        small: series of up to this many points are condensed together.
    """
    parts, places = [], []
    for points in series:
        n = len(points)
        if n > small:  # one long series is cut faster alone, and takes less memory
            kept = _kept_of_long(points.value, n)
            parts.append(points.take(kept))
            places.append(kept.astype(np.int64))
        else:
            parts.append(points)
            places.append(np.arange(n))
    lengths = np.array([len(part) for part in parts], np.int64)
    counts = np.array([len(points) for points in series], np.int64)
    is_whole = bool((counts <= 2 * FINEST + 2).all())
    known = None if is_whole else _concatenated(places)
    return _finest(Stack(joined(parts), known, lengths, counts))


def extended(stack: Stack, behind: Sequence[Points]) -> Stack:
    """Return the stack with new points of each series behind those that it was made of.

    There may be more series than the stack has: those are new.
    """
    known = stack.series()
    old_index = np.split(stack.index, np.cumsum(stack.lengths))
    parts, index, counts = [], [], []
    for number, new in enumerate(behind):
        count = int(stack.counts[number]) if number < len(known) else 0
        if number < len(known):
            parts.append(known[number])
            index.append(old_index[number])
        parts.append(new)
        index.append(np.arange(count, count + len(new)))
        counts.append(count + len(new))
    lengths = np.array(
        [len(new) + (len(known[n]) if n < len(known) else 0) for n, new in enumerate(behind)],
        np.int64,
    )
    return _finest(Stack(joined(parts), _concatenated(index), lengths, np.array(counts, np.int64)))


def coarser(stack: Stack, n_buckets: int) -> Stack:
    """Return at most ``2 * n_buckets + 2`` points of each series, from a finer stack.

    Buckets are made of whole cells. Those of 16 are made of those of 64.
    """
    starts: list[Int64s] = []
    index = None if stack.places is None else stack.places
    begin = 0
    is_cut = False
    for length, count in zip(stack.lengths.tolist(), stack.counts.tolist(), strict=True):
        shift = _shift(count)
        n_cells = (count + (1 << shift) - 1) >> shift
        if count <= 2 * n_buckets + 2 or n_cells <= n_buckets:
            starts.append(np.arange(begin, begin + length))
        else:
            edges = _edges(n_cells, n_buckets)
            if index is not None:
                edges = np.searchsorted(index[begin : begin + length], edges << shift)
            starts.append(begin + edges)
            is_cut = True
        begin += length
    return stack.taken(_kept(stack, np.concatenate(starts))) if is_cut else stack


@lru_cache(maxsize=1024)
def _edges(n_cells: int, n_buckets: int) -> Int64s:
    """Return the first cell of each bucket."""
    return -(-np.arange(n_buckets) * n_cells // n_buckets)


def joined(parts: Sequence[Points]) -> Points:
    """Concatenate series."""
    if not parts:
        return Points(np.empty(0, np.int64), np.empty(0), np.empty(0))
    return Points(
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.wall_time for part in parts]),
        np.concatenate([part.value for part in parts]),
    )


def _concatenated(parts: Sequence[Int64s]) -> Int64s:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _finest(stack: Stack) -> Stack:
    if (stack.counts <= 2 * FINEST + 2).all():
        return stack
    shifts = np.array([_shift(count) for count in stack.counts.tolist()])
    cell = stack.index >> np.repeat(shifts, stack.lengths)
    is_start = np.concatenate([[True], cell[1:] != cell[:-1]])
    is_start[_begins(stack)] = True
    return stack.taken(_kept(stack, np.flatnonzero(is_start)))


def _shift(count: int) -> int:
    """Return the binary logarithm of the size of a series' cells. 0 means that every point is
    one."""
    return 0 if count <= 2 * FINEST + 2 else (-(-count // FINEST) - 1).bit_length()


def _begins(stack: Stack) -> Int64s:
    """Return where each series that has points begins."""
    lengths = stack.lengths[stack.lengths > 0]
    return np.cumsum(lengths) - lengths


def _kept(stack: Stack, starts: Int64s) -> Positions:
    """Return where the remaining points are: the lowest and the highest of each group of
    neighbours.

    Args:
        starts: where the groups begin, shape (n_groups,). Each series begins one.
    """
    n = len(stack.points)
    if not n:
        return np.empty(0, np.intp)
    begins = _begins(stack)
    is_kept = np.zeros(n, np.bool_)
    is_kept[begins] = True
    is_kept[begins[1:] - 1] = True
    is_kept[n - 1] = True
    sizes = np.diff(starts, append=n)
    low, high = bounds(stack.points.value)
    is_kept[_first_equal(low, np.minimum.reduceat(low, starts), starts, sizes)] = True
    is_kept[_first_equal(high, np.maximum.reduceat(high, starts), starts, sizes)] = True
    return np.flatnonzero(is_kept)


def _first_equal(values: Float64s, extremes: Float64s, starts: Int64s, sizes: Int64s) -> Positions:
    """Return the first place of the extreme in each group."""
    places = np.flatnonzero(values == np.repeat(extremes, sizes))
    if len(places) == len(starts):
        return places
    return places[np.searchsorted(places, starts)]


def bounds(values: Float64s) -> tuple[Float64s, Float64s]:
    """Return the values for finding the lowest and the highest: those not finite are neither."""
    is_finite = np.isfinite(values)
    if is_finite.all():
        return values, values
    return np.where(is_finite, values, np.inf), np.where(is_finite, values, -np.inf)


def _kept_of_long(values: Float64s, count: int) -> Positions:
    """Return as `_kept` for the cells of one long series, all but the last of which are equally
    long."""
    size = 1 << _shift(count)
    low, high = bounds(values)
    end = count // size * size
    starts = np.arange(0, end, size)
    lowest = starts + low[:end].reshape(-1, size).argmin(axis=1)
    highest = starts + high[:end].reshape(-1, size).argmax(axis=1)
    rest = [end + low[end:].argmin(), end + high[end:].argmax()] if end < count else []
    return np.unique(np.concatenate([[0, count - 1], lowest, highest, rest]).astype(np.intp))
