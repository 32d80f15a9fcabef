"""Logs as charts need them, kept while they stay as they are, in bounded memory.

For as many runs as fit, it keeps an overview (every metric thinned as finely as requested: the more
runs are drawn together, the less each needs) and, for those that were zoomed into, all points.
Overviews are made of digests, which outlast the server in the user's cache.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger.reading.reader import LogFormatError, Series, read_run_log
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.orchestrator.store.files.identities import FileCache, Identity, identify

from ..serving.limits import DEFAULTS
from .abandoned import abandoned_line
from .derived.logs import DerivedMetrics
from .digests.digest import Digest
from .digests.encoding import DigestReader
from .digests.log_digests import MAX_METRICS, MOST_WAITING_BYTES, LogDigests, files_of
from .thinning import Points, repetitions, sort_by_step, thin

OVERVIEW_BUCKETS = 256
"""The finest overview. Finer requests are answered from all points."""
_POINT_BYTES = 24
_ENTRY_BYTES = 500


@dataclass(frozen=True, slots=True)
class MetricPoints:
    """The points of one metric, perhaps thinned. `count` is how many there are in all.

    `repeated`: earlier values of steps that were logged several times, and `n_repeated` how many
    there are. On an axis of time they are drawn, too. `abandoned` are those that no longer count,
    thinned: see `logger.reading.branches`.
    """

    points: Points
    count: int
    abandoned: Points | None = None
    repeated: Points | None = None
    n_repeated: int = 0


@dataclass(frozen=True, slots=True)
class RunSeries:
    """The metrics of a run, sorted by step, as of the first `cursor` bytes of its log.

    If there are more than `MAX_METRICS`, `n_left_out` is the number of the others.
    """

    cursor: int
    metrics: dict[str, MetricPoints]
    n_left_out: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out by thinning."""
        return all(
            len(column.points) == column.count and len(column.repeated or ()) == column.n_repeated
            for column in self.metrics.values()
        )

    @property
    def size_bytes(self) -> int:
        every = self.metrics.values()
        points = sum(len(column.points) + len(column.repeated or ()) for column in every)
        return points * _POINT_BYTES + (1 + len(self.metrics)) * _ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class SeriesOverview:
    """A run thinned to so many buckets a metric."""

    n_buckets: int
    run: RunSeries


EMPTY = RunSeries(0, {})


class SeriesStore:
    """Reads logs for any number of threads, and from one that has grown only what is new.

    Args:
        cache: where digests of logs are kept. Without it each log is read once per server.
    """

    def __init__(
        self,
        overview_bytes: int = DEFAULTS.overview_bytes,
        all_points_bytes: int = DEFAULTS.all_points_bytes,
        cache: CacheFolder | None = None,
        most_waiting_bytes: int = MOST_WAITING_BYTES,
    ) -> None:
        self.digests = LogDigests(cache, most_waiting_bytes)
        self.derived = DerivedMetrics(self.digests)
        self._overviews: FileCache[_Key, SeriesOverview] = FileCache(
            overview_bytes, lambda one: one.run.size_bytes
        )
        self._all_points: FileCache[_Key, RunSeries] = FileCache(
            all_points_bytes, lambda run: run.size_bytes
        )

    def overview(self, path: Path, n_buckets: int = OVERVIEW_BUCKETS) -> RunSeries:
        """Return every metric thinned to `n_buckets` or more finely, at most to
        `OVERVIEW_BUCKETS`."""
        key, identity = _key_of(path)
        found = self._overviews.find(key, identity)
        if found is None or found.n_buckets < n_buckets:
            overview = self.digests.use(path, lambda source: _overview(source, n_buckets))
            found = self._overviews.put(key, identity, overview or SeriesOverview(n_buckets, EMPTY))
        return found.run

    def all_points(self, path: Path) -> RunSeries:
        """Return every point of every metric."""
        key, identity = _key_of(path)
        overview = self._overviews.find(key, identity)
        if overview is not None and overview.run.is_whole:
            return overview.run
        return self._all_points.get(key, identity, lambda: _load(path, identity))


_Key = tuple[Path, tuple[Identity, ...]]
"""A log, and the logs of earlier attempts as they are."""


def _key_of(path: Path) -> tuple[_Key, Identity | None]:
    own, *earlier = files_of(path) or (None,)
    return (path, tuple(one for one in earlier if one is not None)), own


def _overview(source: Digest | DigestReader, n_buckets: int) -> SeriesOverview:
    level = source.level(n_buckets)
    beside = source.beside
    repeated = {name: thin(one, level.n_buckets) for name, one in beside.repeated.items()}
    counts, n_logged = level.stack.counts.tolist(), source.facts.count.tolist()
    columns = {
        name: MetricPoints(
            points,
            count,
            beside.abandoned.get(name),
            repeated.get(name),
            n_logged - count,
        )
        for name, points, count, n_logged in zip(
            source.names, level.stack.series(), counts, n_logged, strict=True
        )
    }
    return SeriesOverview(level.n_buckets, RunSeries(source.cursor, columns, source.n_left_out))


def read_named(path: Path, names: Iterable[str]) -> RunSeries:
    """Return metrics by name, wherever in a log of very many they were declared."""
    return _load(path, identify(path), 0, names)


def _load(
    path: Path,
    identity: Identity | None,
    max_metrics: int = MAX_METRICS,
    always: Iterable[str] = (),
) -> RunSeries:
    if identity is None:
        return EMPTY
    try:
        log = read_run_log(path, max_metrics=max_metrics, always=always)
    except (OSError, LogFormatError):
        return EMPTY
    columns = {name: _column(series, log.abandoned(name)) for name, series in log.items()}
    return RunSeries(log.size_bytes, columns, log.n_left_out)


def _column(series: Series, abandoned: Series | None) -> MetricPoints:
    logged = _points(series)
    points, repeated = sort_by_step(logged), repetitions(logged)
    left = None if abandoned is None else abandoned_line(_points(abandoned), logged)
    return MetricPoints(points, len(points), left, repeated, len(repeated or ()))


def _points(series: Series) -> Points:
    return Points(series.step, series.wall_time, series.value)
