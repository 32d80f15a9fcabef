"""Logs as charts need them, read once and kept while they stay as they are, in bounded memory.

Kept are, for as many runs as fit: an overview (every metric thinned as finely as was asked for:
the more runs are drawn together, the less each needs) and, of those that were zoomed into, all
points.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ml_tracking_ops.logger.reader import LogFormatError, Series, read_log

from .thinning import Points, sort_by_step, thin

T = TypeVar("T")

MAX_METRICS = 1_000
"""Of a log with more metrics the first are shown; `metric_limit.js` has the same number."""
OVERVIEW_BUCKETS = 1024
_OVERVIEW_BYTES = 48 << 20
_ALL_POINTS_BYTES = 32 << 20
_POINT_BYTES = 24
_ENTRY_BYTES = 500

Identity = tuple[int, ...]
MISSING: Identity = ()


@dataclass(frozen=True, slots=True)
class MetricPoints:
    """The points of one metric, perhaps thinned; `count` is how many there are in all."""

    points: Points
    count: int


@dataclass(frozen=True, slots=True)
class RunSeries:
    """The metrics of a run, sorted by step, as of the first `cursor` bytes of its log.

    Where there are more than `MAX_METRICS`, `n_left_out` says how many the others are.
    """

    cursor: int
    metrics: dict[str, MetricPoints]
    n_left_out: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out by thinning."""
        return all(len(column.points) == column.count for column in self.metrics.values())

    @property
    def size_bytes(self) -> int:
        points = sum(len(column.points) for column in self.metrics.values())
        return points * _POINT_BYTES + (1 + len(self.metrics)) * _ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class Overview:
    """A run thinned to so many buckets a metric."""

    n_buckets: int
    run: RunSeries


EMPTY = RunSeries(0, {})


class SeriesStore:
    """Reads logs for any number of threads; a log that has grown is read anew."""

    def __init__(self) -> None:
        self._overviews: _Cache[Overview] = _Cache(_OVERVIEW_BYTES, lambda one: one.run.size_bytes)
        self._all_points: _Cache[RunSeries] = _Cache(_ALL_POINTS_BYTES, lambda run: run.size_bytes)

    def overview(self, path: Path, n_buckets: int = OVERVIEW_BUCKETS) -> RunSeries:
        """Every metric thinned to `n_buckets`, or more finely where that is known already."""
        identity = identify(path)
        found = self._overviews.get(path, identity)
        if found is None or found.n_buckets < n_buckets:
            run = self._all_points.get(path, identity) or _load(path, identity)
            found = Overview(n_buckets, _thinned(run, n_buckets))
            self._overviews.put(path, identity, found)
        return found.run

    def all_points(self, path: Path) -> RunSeries:
        """Every point of every metric."""
        identity = identify(path)
        overview = self._overviews.get(path, identity)
        if overview is not None and overview.run.is_whole:
            return overview.run
        found = self._all_points.get(path, identity)
        if found is None:
            found = _load(path, identity)
            self._all_points.put(path, identity, found)
        return found


def read_named(path: Path, names: Iterable[str]) -> RunSeries:
    """Metrics by name alone, wherever in a log of very many they were declared."""
    return _load(path, identify(path), 0, names)


def identify(path: Path) -> Identity:
    """What changes whenever a file's content does; empty where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return MISSING
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _load(
    path: Path, identity: Identity, max_metrics: int = MAX_METRICS, always: Iterable[str] = ()
) -> RunSeries:
    if identity == MISSING:
        return EMPTY
    try:
        log = read_log(path, follow_link=False, max_metrics=max_metrics, always=always)
    except (OSError, LogFormatError):
        return EMPTY
    columns = {name: _column(series) for name, series in log.items()}
    return RunSeries(log.size_bytes, columns, log.n_left_out)


def _column(series: Series) -> MetricPoints:
    points = sort_by_step(Points(series.step, series.wall_time, series.value))
    return MetricPoints(points, len(points))


def _thinned(run: RunSeries, n_buckets: int) -> RunSeries:
    return RunSeries(
        run.cursor,
        {
            name: MetricPoints(thin(column.points, n_buckets).copied(), column.count)
            for name, column in run.metrics.items()
        },
        run.n_left_out,
    )


class _Cache(Generic[T]):
    """The latest used values that fit into a number of bytes, each valid for one identity."""

    def __init__(self, max_bytes: int, size_bytes: Callable[[T], int]) -> None:
        self._max_bytes = max_bytes
        self._size_bytes = size_bytes
        self._entries: OrderedDict[Path, tuple[Identity, T]] = OrderedDict()
        self._total_bytes = 0
        self._lock = threading.Lock()

    def get(self, path: Path, identity: Identity) -> T | None:
        with self._lock:
            known, value = self._entries.get(path, (None, None))
            if known != identity:
                return None
            self._entries.move_to_end(path)
            return value

    def put(self, path: Path, identity: Identity, value: T) -> None:
        size_bytes = self._size_bytes(value)
        with self._lock:
            self._drop(path)
            if size_bytes > self._max_bytes:
                return
            self._entries[path] = identity, value
            self._total_bytes += size_bytes
            while self._total_bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))

    def _drop(self, path: Path) -> None:
        entry = self._entries.pop(path, None)
        if entry is not None:
            self._total_bytes -= self._size_bytes(entry[1])
