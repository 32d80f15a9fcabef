"""A series for a chart: sorted, each step once, thinned to what a screen can show.

Pure and vectorised. Thinning cuts the points into buckets of equal count and keeps the lowest
and the highest value of each (M4 without the first and last of each bucket: Jugel et al.,
"M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014), so that no spike
disappears at any zoom.
"""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt

_END_OF_TIME_S = 1e15

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Points:
    """Columns of one metric of one run, each of shape ``(n_points,)``."""

    step: Int64s
    wall_time: Float64s
    value: Float64s

    def __len__(self) -> int:
        return len(self.step)

    def take(self, which: npt.NDArray[np.intp] | slice) -> "Points":
        return Points(self.step[which], self.wall_time[which], self.value[which])

    def copied(self) -> "Points":
        """Return columns of their own: a part of a log's columns would keep all of it in memory."""
        if self.step.base is None:
            return self
        return Points(self.step.copy(), self.wall_time.copy(), self.value.copy())


def sort_by_step(points: Points) -> Points:
    """Return points with ascending steps. If a step was logged more than once, the last write
    counts.

    A training that continues from a checkpoint logs some steps again: the later values are the
    valid ones.
    """
    if np.all(points.step[1:] > points.step[:-1]):
        return points
    order = np.argsort(points.step, kind="stable")
    step = points.step[order]
    is_last_of_step = np.append(step[1:] != step[:-1], True)
    return points.take(order[is_last_of_step])


def repetitions(points: Points) -> Points | None:
    """Return what `sort_by_step` leaves out, in the order of steps, then of the log.

    None means nothing.
    """
    if np.all(points.step[1:] > points.step[:-1]):
        return None
    order = np.argsort(points.step, kind="stable")
    step = points.step[order]
    is_repeated = np.append(step[1:] == step[:-1], False)
    return points.take(order[is_repeated]) if is_repeated.any() else None


def between(points: Points, first_step: int | None, last_step: int | None) -> Points:
    """Return the points with ``first_step <= step <= last_step``. `points` must be sorted."""
    start = 0 if first_step is None else int(np.searchsorted(points.step, first_step, "left"))
    stop = None if last_step is None else int(np.searchsorted(points.step, last_step, "right"))
    return points.take(slice(start, stop))


def thin(points: Points, n_buckets: int) -> Points:
    """Return at most ``2 * n_buckets + 2`` points: each bucket's lowest and highest, first and
    last.

    Values that are not finite never count as lowest or highest. A bucket that holds nothing else
    keeps its first, so that the gap remains visible.
    """
    if len(points) <= 2 * n_buckets + 2:
        return points
    return points.take(_kept(points.value, n_buckets))


def _kept(values: Float64s, n_buckets: int) -> npt.NDArray[np.intp]:
    """Return ascending indices of the values that stay. Equal buckets make it one reshape."""
    bucket_size = -(-len(values) // n_buckets)
    is_finite = np.isfinite(values)
    if is_finite.all():
        lowest, highest = _extremes(values, values, bucket_size)
    else:
        low, high = np.where(is_finite, values, np.inf), np.where(is_finite, values, -np.inf)
        lowest, highest = _extremes(low, high, bucket_size)
    kept = np.empty(2 * len(lowest) + 2, np.intp)
    kept[0], kept[-1] = 0, len(values) - 1
    kept[1:-1:2] = np.minimum(lowest, highest)
    kept[2:-1:2] = np.maximum(lowest, highest)
    is_last = np.append(kept[1:] != kept[:-1], True)
    return np.compress(is_last, kept)


def _extremes(
    low: Float64s, high: Float64s, bucket_size: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the positions of each bucket's lowest and highest value. The last bucket may be
    short."""
    n_full = len(low) // bucket_size
    end = n_full * bucket_size
    starts = np.arange(0, len(low), bucket_size, dtype=np.intp)
    lowest, highest = starts.copy(), starts
    lowest[:n_full] += low[:end].reshape(n_full, bucket_size).argmin(axis=1)
    highest[:n_full] += high[:end].reshape(n_full, bucket_size).argmax(axis=1)
    if end < len(low):
        lowest[-1] += low[end:].argmin()
        highest[-1] += high[end:].argmax()
    return lowest, highest


class PointColumns(TypedDict):
    """Points as JSON has them. A value that is not finite is None."""

    step: list[int]
    wall_time: list[float]
    value: list[float | None]


def to_columns(points: Points) -> PointColumns:
    """Return lists for JSON: wall times to the millisecond, values that are not finite as None."""
    value: list[float | None] = points.value.tolist()
    for position in np.flatnonzero(~np.isfinite(points.value)).tolist():
        value[position] = None
    return {
        "step": points.step.tolist(),
        "wall_time": np.round(sane_wall_time(points.wall_time), 3).tolist(),
        "value": value,
    }


def sane_wall_time(wall_time: Float64s) -> Float64s:
    # Only a foreign or hostile file holds other times. JSON cannot represent some of them, and
    # rounding the largest would overflow.
    return np.where(np.abs(wall_time) < _END_OF_TIME_S, wall_time, 0.0)
