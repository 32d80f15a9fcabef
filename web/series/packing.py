"""Many series as one block of bytes, which a page's script turns into arrays without parsing.

    header size (uint32) · header (JSON) · columns, each aligned to 8 bytes, little-endian

The header names every column with its type and length: for the whole answer the runs' cursors and
each series' length and count, and for each metric the columns `step`, `wall_time` and `value` of
all its runs, one after the other. Steps and wall times (in ms) are written as the first of each
series and differences, as narrow as they fit, or unchanged if they do not fit 32 bits. Values have
32 bits if that is exact enough to draw them, else 64. `static/charts/data/packing.js` reads it.
Pure.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .thinning import Float64s, Int64s, Points, sane_wall_time

_ALIGNMENT = 8
_NARROW = ("i1", "i2", "i4")
_EXACT_STEP = 2**53
# A chart has some thousand pixels, a 32-bit float 24 bits: enough while the values of a series are
# at most this many times as large as the range they cover.
_MOST_TIMES_RANGE = 2_000.0

NO_POINTS = Points(np.empty(0, np.int64), np.empty(0), np.empty(0))


@dataclass(frozen=True, slots=True)
class PackedRun:
    """One run of the answer: the names of all its metrics, and of some the points.

    `counts` are how many points there are in all, by metric. `n_left_out` is how many metrics were
    left out. `repeated`: the earlier values of steps that were logged several times, and how many
    there are.
    """

    run_id: str
    cursor: int
    names: Sequence[str]
    points: Mapping[str, Points]
    counts: Mapping[str, int]
    n_left_out: int = 0
    abandoned: Mapping[str, Points] = field(default_factory=dict)
    repeated: Mapping[str, tuple[Points, int]] = field(default_factory=dict)


def pack(runs: Sequence[PackedRun], metrics: Sequence[str]) -> bytes:
    """Return the points of some metrics of some runs."""
    columns: dict[str, npt.NDArray[Any]] = {
        "cursor": np.array([run.cursor for run in runs], "<f8"),
        "length": _table(runs, metrics, lambda run, name: len(run.points.get(name, NO_POINTS))),
        "count": _table(runs, metrics, lambda run, name: run.counts.get(name, 0)),
    }
    for index, name in enumerate(metrics):
        series = [run.points[name] for run in runs if len(run.points.get(name, NO_POINTS))]
        columns.update({f"{index}.{key}": column for key, column in _columns(series)})
    places = {name: place for place, name in enumerate(_names(runs))}
    header = {
        "names": list(places),
        "runs": [run.run_id for run in runs],
        "names_of": [[places[name] for name in run.names] for run in runs],
        "metrics": list(metrics),
        "n_left_out": [run.n_left_out for run in runs],
        "abandoned": [list(_abandoned(run, metrics)) for run in runs],
        "repeated": [list(_repeated(run, metrics)) for run in runs],
    }
    return _write(header, columns)


def _abandoned(run: PackedRun, metrics: Sequence[str]) -> Iterator[tuple[int, list[list[Any]]]]:
    """Yield for each metric that has some: its place, and steps, wall times and values."""
    for place, name in enumerate(metrics):
        points = run.abandoned.get(name)
        if points is not None:
            yield place, _lists(points)


def _repeated(run: PackedRun, metrics: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    """Yield for each metric that has some: its place, how many there are, then as `_abandoned`."""
    for place, name in enumerate(metrics):
        if name in run.repeated:
            points, count = run.repeated[name]
            yield place, [count, *_lists(points)]


def _lists(points: Points) -> list[list[Any]]:
    values = [value if math.isfinite(value) else None for value in points.value.tolist()]
    return [points.step.tolist(), sane_wall_time(points.wall_time).tolist(), values]


def _names(runs: Iterable[PackedRun]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.names))


def _table(
    runs: Sequence[PackedRun], metrics: Sequence[str], number: Callable[[PackedRun, str], float]
) -> npt.NDArray[Any]:
    """Return a number for each metric of each run, those of a run side by side."""
    return np.array([number(run, name) for run in runs for name in metrics], "<f8")


def _columns(series: list[Points]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    if not series:
        return
    lengths = np.array([len(points) for points in series])
    steps = np.concatenate([points.step for points in series])
    yield from _differences("step", steps, lengths, steps.astype("<f8"))
    wall_times = sane_wall_time(np.concatenate([points.wall_time for points in series]))
    milliseconds = np.round(wall_times * 1000)
    yield from _differences(
        "wall_time", milliseconds.astype(np.int64), lengths, milliseconds.astype("<f8")
    )
    yield "value", _values(np.concatenate([points.value for points in series]), lengths)


def _differences(
    name: str, numbers: Int64s, lengths: npt.NDArray[Any], as_floats: Float64s
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield the first value of each series and the differences after it, or all values if too
    wide."""
    starts = np.cumsum(lengths) - lengths
    if max(abs(int(numbers.min())), abs(int(numbers.max()))) < _EXACT_STEP:
        differences = np.delete(np.diff(numbers, prepend=numbers[:1]), starts)
        width = _width(differences)
        if width is not None:
            yield f"first_{name}", as_floats[starts]
            yield name, differences.astype(width)
            return
    yield name, as_floats


def _width(differences: Int64s) -> str | None:
    if len(differences) == 0:
        return _NARROW[0]
    low, high = int(differences.min()), int(differences.max())
    for width in _NARROW:
        limits = np.iinfo(width)
        if limits.min <= low and high <= limits.max:
            return f"<{width}"
    return None


def _values(values: Float64s, lengths: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values, with NaN in place of all that are not finite."""
    is_finite = np.isfinite(values)
    values = np.where(is_finite, values, np.nan)
    starts = np.cumsum(lengths) - lengths
    low = np.fmin.reduceat(values, starts)
    high = np.fmax.reduceat(values, starts)
    largest = np.fmax(np.abs(low), np.abs(high))
    with np.errstate(over="ignore", invalid="ignore"):
        spread = high - low
        is_narrow = (largest <= _MOST_TIMES_RANGE * spread) | (spread == 0) | np.isnan(largest)
        narrow = values.astype("<f4")
    # what is too large for 32 bits has become infinite, what is too small has lost digits
    is_lost = np.isinf(narrow) | (np.abs(narrow) < np.finfo("<f4").tiny)
    is_kept = np.array_equal(is_lost, values == 0)
    return narrow if bool(is_narrow.all()) and is_kept else values.astype("<f8")


def _write(header: Mapping[str, object], columns: Mapping[str, npt.NDArray[Any]]) -> bytes:
    described = [
        [name, column.dtype.str.lstrip("<|"), len(column)] for name, column in columns.items()
    ]
    header = {**header, "columns": described}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    parts = [len(text).to_bytes(4, "little"), text, bytes(-(4 + len(text)) % _ALIGNMENT)]
    for column in columns.values():
        data = column.tobytes()
        parts += (data, bytes(-len(data) % _ALIGNMENT))
    return b"".join(parts)
