"""Last, lowest and highest value of every metric of a log, for tables. Each log is read once.

A summary is some hundred bytes a metric, so those of ten thousand runs stay in memory. They come
from the digests of logs. A log is read again when it has changed (its `Identity`), and a table that
needs very many logs at once gets them gradually: `read` stops when its time is over and returns how
many are still missing.
"""

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ml_tracking_ops.logger import run_record
from ml_tracking_ops.orchestrator.store.files.identities import FileCache, identify
from ml_tracking_ops.orchestrator.store.objective import Goal

from .derived.definition import is_derived
from .derived.logs import DerivedMetrics
from .digests.log_digests import LogDigests, Source
from .goals import goals_of_record
from .thinning import Points

_MOST_SUMMARIES = 400_000
_DERIVED_S = 2.0
"""How long after `read` derived metrics are computed when they are requested."""
_ASKED_LATELY_S = 60.0
_MOST_ASKED = 10


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """`last` is the value of the highest step. If there are only NaN, `min` and `max` are None.

    `goal` is what the script set for the metric, if anything.
    """

    count: int
    last: float
    last_step: int
    min: float | None
    max: float | None
    goal: Goal | None = None


Summaries = Mapping[str, MetricSummary]
_NONE: Summaries = {}


def read_summaries(path: Path, digests: LogDigests) -> Summaries:
    """Return the summaries of every metric in a log, or none if it cannot be read."""
    goals = goals_of_record(run_record.read(str(path)))
    return digests.use(path, partial(_summaries, goals)) or _NONE


def _summaries(goals: Mapping[str, Goal], source: Source) -> Summaries:
    facts = source.facts
    columns = (facts.count, facts.last, facts.last_step, facts.low, facts.high)
    rows = zip(source.names, *(column.tolist() for column in columns), strict=True)
    return {
        name: MetricSummary(count, last, step, _known(low), _known(high), goals.get(name))
        for name, count, last, step, low, high in rows
        if count
    }


def summarize_points(points: Points) -> MetricSummary | None:
    """Return the summary of sorted points, or None if there are none."""
    if not len(points):
        return None
    finite = points.value[np.isfinite(points.value)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
    last, step = float(points.value[-1]), int(points.step[-1])
    return MetricSummary(len(points), last, step, low, high)


class SummariesOfLog(Mapping[str, MetricSummary]):
    """The summaries of every metric of a log, and of derived metrics when requested by name."""

    __slots__ = ("_derive", "_known", "_path")

    def __init__(
        self, known: Summaries, path: Path, derive: Callable[[Path, str], MetricSummary | None]
    ) -> None:
        self._known, self._path, self._derive = known, path, derive

    def get(self, name: str, default: Any = None) -> Any:
        found = self._known.get(name)
        if found is None and is_derived(name):
            found = self._derive(self._path, name)
        return default if found is None else found

    def __getitem__(self, name: str) -> MetricSummary:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        summary: MetricSummary = found
        return summary

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass(frozen=True, slots=True)
class LogToRead:
    """A log, and whether it is complete: then its summaries stay valid."""

    path: Path
    is_final: bool


class MetricSummaries:
    """The summaries of logs, for any number of threads."""

    def __init__(
        self,
        chosen_goals: Callable[[], Mapping[str, Goal]] = dict,
        digests: LogDigests | None = None,
        derived: DerivedMetrics | None = None,
    ) -> None:
        """Args: `chosen_goals` reads a user's choices for the log folder."""
        self._digests = digests or LogDigests()
        self._derived = derived or DerivedMetrics(self._digests)
        self._asked: dict[str, float] = {}
        self._until = threading.local()
        self.chosen_goals = chosen_goals
        self._logs: FileCache[Path, Summaries] = FileCache(
            _MOST_SUMMARIES, lambda summaries: 1 + len(summaries)
        )

    def read(self, logs: Iterable[LogToRead], budget_s: float) -> tuple[dict[Path, Summaries], int]:
        """Return the summaries of these logs, and how many were not read for lack of time.

        A log that has changed since and for which there was no time keeps its earlier summary.
        """
        deadline = time.monotonic() + budget_s
        self._until.at = deadline + _DERIVED_S
        found: dict[Path, Summaries] = {}
        logs = list(logs)
        n_missing = 0
        for log in logs:
            known = self._logs.latest(log.path)
            is_valid = known is not None and (log.is_final or known.identity == identify(log.path))
            if known is not None and (is_valid or time.monotonic() >= deadline):
                found[log.path] = known.value
            elif time.monotonic() < deadline:
                found[log.path] = self._read(log.path)
            else:
                n_missing += 1
        n_missing = max(n_missing, self._read_derived(logs, deadline))
        of_logs = {path: SummariesOfLog(one, path, self._derive) for path, one in found.items()}
        return dict(of_logs), n_missing

    def _read_derived(self, logs: Collection[LogToRead], deadline: float) -> int:
        """Read the recently requested derived metrics. Returns of how many logs not."""
        since = time.monotonic() - _ASKED_LATELY_S
        names = [name for name, asked_at in list(self._asked.items()) if asked_at > since]
        n_missing = 0
        for log in logs if names else ():
            unknown = [one for one in names if self._derived.find(log.path, one) is None]
            for name in unknown if time.monotonic() < deadline else ():
                self._derived.points(log.path, name)
            n_missing += bool(unknown) and time.monotonic() >= deadline
        return n_missing

    def _derive(self, path: Path, name: str) -> MetricSummary | None:
        """Return the summary of a derived metric. None also if there was no time to read the
        log."""
        self._asked = {**dict(list(self._asked.items())[-_MOST_ASKED:]), name: time.monotonic()}
        points = self._derived.find(path, name)
        if points is None and time.monotonic() < getattr(self._until, "at", math.inf):
            points = self._derived.points(path, name)
        return None if points is None else summarize_points(points)

    def _read(self, path: Path) -> Summaries:
        identity = identify(path)  # before the reading: what is written meanwhile is read again
        return self._logs.put(path, identity, read_summaries(path, self._digests))

    def metrics(self, logs: Iterable[LogToRead]) -> list[str]:
        """Return the names of all metrics of the known ones of the logs."""
        names: dict[str, None] = {}
        for log in logs:
            known = self._logs.latest(log.path)
            if known is not None:
                names.update(dict.fromkeys(known.value))
        return list(names)

    def logged_goals(self, logs: Iterable[LogToRead]) -> dict[str, Goal]:
        """Return the goals set by the scripts of the known logs. The first one decides."""
        goals: dict[str, Goal] = {}
        for log in logs:
            known = self._logs.latest(log.path)
            for name, summary in known.value.items() if known is not None else ():
                if summary.goal is not None:
                    goals.setdefault(name, summary.goal)
        return goals
