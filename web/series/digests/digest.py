"""The digest of one log: what charts and tables need of each of its metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ml_tracking_ops.logger.reading.continuation import LogPosition
from ml_tracking_ops.logger.reading.reader import RunLog, Series
from ml_tracking_ops.orchestrator.store.files.identities import Identity

from ..abandoned import abandoned_line
from ..thinning import Float64s, Int64s, Points, repetitions, sort_by_step, thin
from .condensing import FINEST, Stack, coarser, extended, stack_of

LEVELS = (16, 64)
"""The stored levels besides the finest stack, in buckets: for charts of very many and of many
runs."""
_REPEATED_BUCKETS = 256


@dataclass(frozen=True, slots=True)
class Facts:
    """Some numbers of each metric, each of shape (n_metrics,), of all values as they were logged.

    `last` is the value of the highest step, logged last. `low` and `high` are NaN if there are only
    NaN.
    """

    count: Int64s
    last_step: Int64s
    last: Float64s
    low: Float64s
    high: Float64s


@dataclass(frozen=True, slots=True)
class Beside:
    """Thinned points by metric that are not in the series itself.

    `abandoned`: see `logger.reading.branches`. `repeated`: earlier values of steps that were logged
    several times.
    """

    abandoned: Mapping[str, Points]
    repeated: Mapping[str, Points]


@dataclass(frozen=True, slots=True)
class Level:
    """The metrics of a log with at most so many buckets each: what a chart draws."""

    n_buckets: int
    stack: Stack


@dataclass(frozen=True)
class Digest:
    """The digest of a log as of its first `cursor` bytes.

    Attributes:
        files: the identities of the log and of those of earlier attempts, before they were read.
        finest: for every metric all points, or those that are the lowest or highest of a cell.
        mark: shows whether a longer log still begins with what was read. None means read it all
            again.
    """

    files: tuple[Identity, ...]
    cursor: int
    names: tuple[str, ...]
    n_left_out: int
    facts: Facts
    finest: Stack
    beside: Beside
    mark: LogPosition | None = None

    def level(self, n_buckets: int) -> Level:
        """Return the coarsest level that has this many buckets."""
        level = level_of(n_buckets)
        if level not in self._levels:
            finer = self._levels.get(LEVELS[-1], self.finest) if level < LEVELS[-1] else self.finest
            self._levels[level] = coarser(finer, level)
        return Level(level, self._levels[level])

    @cached_property
    def _levels(self) -> dict[int, Stack]:
        return {FINEST: self.finest}

    @property
    def size_bytes(self) -> int:
        n_bytes_a_point = 24 if self.finest.places is None else 32
        return 2_000 + 200 * len(self.names) + n_bytes_a_point * len(self.finest.points)


def level_of(n_buckets: int) -> int:
    """Return the number of buckets of the stored level that has this many."""
    return next((level for level in LEVELS if n_buckets <= level), FINEST)


def make_digest(log: RunLog, files: tuple[Identity, ...], mark: LogPosition | None) -> Digest:
    """Return the digest of a log that was read as a whole."""
    names = tuple(log)
    series = [log[name] for name in names]
    logged = [Points(one.step, one.wall_time, one.value) for one in series]
    return Digest(
        files,
        log.size_bytes,
        names,
        log.n_left_out,
        _facts(series),
        stack_of([sort_by_step(points) for points in logged]),
        _beside(log, names, logged),
        mark,
    )


def extended_digest(
    known: Digest,
    behind: Mapping[str, Series],
    files: tuple[Identity, ...],
    mark: LogPosition,
) -> Digest | None:
    """Return the digest of a log that has grown, or None if that requires the whole log.

    Args:
        behind: the values behind `known.cursor`.
        mark: of the place up to which they were read.
    """
    names = tuple(dict.fromkeys((*known.names, *behind)))
    empty = Series(np.empty(0, np.int64), np.empty(0), np.empty(0))
    series = [behind.get(name, empty) for name in names]
    if not _are_behind(known, series):
        return None
    stack = extended(known.finest, [Points(one.step, one.wall_time, one.value) for one in series])
    return Digest(
        files,
        mark.cursor,
        names,
        known.n_left_out,
        _joined_facts(known.facts, _facts(series)),
        stack,
        known.beside,
        mark,
    )


def _are_behind(known: Digest, series: Sequence[Series]) -> bool:
    """Return whether all steps ascend and are beyond those known: then nothing is replaced."""
    last_steps = known.facts.last_step.tolist()
    counts = known.facts.count.tolist()
    for number, one in enumerate(series):
        if not len(one):
            continue
        if number < len(counts) and counts[number] and one.step[0] <= last_steps[number]:
            return False
        if not (one.step[1:] > one.step[:-1]).all():
            return False
    return True


def _beside(log: RunLog, names: Sequence[str], logged: Sequence[Points]) -> Beside:
    abandoned, repeated = {}, {}
    for name, points in zip(names, logged, strict=True):
        left = log.abandoned(name)
        if left is not None:
            abandoned[name] = abandoned_line(Points(left.step, left.wall_time, left.value), points)
        earlier = repetitions(points)
        if earlier is not None:
            repeated[name] = thin(earlier, _REPEATED_BUCKETS).copied()
    return Beside(abandoned, repeated)


def _facts(series: Sequence[Series]) -> Facts:
    n = len(series)
    count = np.array([len(one) for one in series], np.int64)
    last_step, last = np.zeros(n, np.int64), np.full(n, np.nan)
    low, high = np.full(n, np.nan), np.full(n, np.nan)
    for number, one in enumerate(series):
        if not len(one):
            continue
        # the last write of a step counts
        at = len(one) - 1 - int(one.step[::-1].argmax())
        last_step[number], last[number] = one.step[at], one.value[at]
        low[number] = np.fmin.reduce(one.value)
        high[number] = np.fmax.reduce(one.value)
    return Facts(count, last_step, last, low, high)


def _joined_facts(known: Facts, new: Facts) -> Facts:
    n_new = len(new.count) - len(known.count)
    count = np.append(known.count, np.zeros(n_new, np.int64))
    is_new = new.count > 0
    nothing = np.full(n_new, np.nan)
    return Facts(
        count + new.count,
        np.where(is_new, new.last_step, np.append(known.last_step, np.zeros(n_new, np.int64))),
        np.where(is_new, new.last, np.append(known.last, nothing)),
        np.fmin(new.low, np.append(known.low, nothing)),
        np.fmax(new.high, np.append(known.high, nothing)),
    )
