"""The values of derived metrics in logs, kept while the logs stay as they are."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ml_tracking_ops.logger.reading.reader import LogFormatError, Series, read_run_log
from ml_tracking_ops.orchestrator.expressions.expression import ExpressionError
from ml_tracking_ops.orchestrator.store.files.identities import FileCache, identify

from ..digests.log_digests import LogDigests
from ..thinning import Points, sort_by_step
from .definition import Definition, define, is_derived

_POINT_BYTES, _ENTRY_BYTES = 24, 200
_KEPT_BYTES = 64 << 20
NO_POINTS = Points(np.empty(0, np.int64), np.empty(0), np.empty(0))


class DerivedMetrics:
    """The points of derived metrics of any number of logs, for any number of threads."""

    def __init__(self, digests: LogDigests) -> None:
        self._digests = digests
        self._kept: FileCache[tuple[Path, str], Points] = FileCache(
            _KEPT_BYTES, lambda points: len(points) * _POINT_BYTES + _ENTRY_BYTES
        )

    def names(self, path: Path) -> frozenset[str]:
        """Return the metrics that a log has."""
        return self._digests.use(path, lambda source: frozenset(source.names)) or frozenset()

    def points(self, path: Path, name: str) -> Points:
        """Return its points, or none if the log lacks one of its metrics, or it is not
        understood."""
        return self._kept.get((path, name), identify(path), lambda: self._read(path, name))

    def find(self, path: Path, name: str) -> Points | None:
        """Return its points if they are known for the current log."""
        return self._kept.find((path, name), identify(path))

    def _read(self, path: Path, name: str) -> Points:
        try:
            definition = define(name, self.names(path))
            log = read_run_log(path, max_metrics=0, always=definition.names)
        except (ExpressionError, OSError, LogFormatError):
            return NO_POINTS
        return computed(definition, log)


def computed(definition: Definition, log: Mapping[str, Series]) -> Points:
    """Return the points of a derived metric of a log that was read."""
    if not all(name in log for name in definition.names):
        return NO_POINTS
    return definition.compute({name: sorted_points(log[name]) for name in definition.names})


def derived_of(name: str, log: Mapping[str, Series]) -> Points | None:
    """Return a derived metric of a whole log, or None if the name is not one."""
    if name in log or not is_derived(name):
        return None
    try:
        return computed(define(name, frozenset(log)), log)
    except ExpressionError:
        return None


def sorted_points(series: Series) -> Points:
    return sort_by_step(Points(series.step, series.wall_time, series.value))
