"""Last, lowest and highest value of every metric of a log, for tables; each log is read once.

A summary is some hundred bytes a metric, so those of ten thousand runs stay in memory. A log is
read again when it has changed (its `Identity`), and a table that needs very many logs at once
gets them by and by: `read` stops when its time is over and says how many are still missing.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml_tracking_ops.logger.reader import LogFormatError, Series, read_run_log
from ml_tracking_ops.orchestrator.store.files.identities import FileCache, identify
from ml_tracking_ops.orchestrator.store.objective import Goal

from .store import MAX_METRICS

_MOST_SUMMARIES = 400_000
_LESS_IS_BETTER = (
    "loss",
    "error",
    "err",
    "mse",
    "rmse",
    "mae",
    "perplexity",
    "ppl",
    "nll",
    "wer",
    "cer",
    "divergence",
    "regret",
    "time",
    "seconds",
    "latency",
)


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """`last` is the value of the highest step; of NaN alone `min` and `max` are None."""

    count: int
    last: float
    last_step: int
    min: float | None
    max: float | None
    goal: Goal

    @property
    def best(self) -> float | None:
        return self.min if self.goal == "min" else self.max


Summaries = Mapping[str, MetricSummary]
_NONE: Summaries = {}


def goal_by_name(metric: str) -> Goal:
    """Whether less or more of a metric is better, as far as its name says."""
    words = metric.casefold().replace("/", "_").replace("-", "_").replace(" ", "_").split("_")
    return "min" if any(word.endswith(_LESS_IS_BETTER) for word in words) else "max"


def summarize(name: str, series: Series) -> MetricSummary:
    """Of the values as they were logged, in whatever order."""
    # of a step that was logged more than once the last write counts
    last = len(series.step) - 1 - int(np.argmax(series.step[::-1]))
    known = series.value[~np.isnan(series.value)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
    return MetricSummary(
        len(series.step),
        float(series.value[last]),
        int(series.step[last]),
        low,
        high,
        goal_by_name(name),
    )


def read_summaries(path: Path) -> Summaries:
    """Of every metric in a log; none where it cannot be read."""
    try:
        log = read_run_log(path, max_metrics=MAX_METRICS)
        return {name: summarize(name, series) for name, series in log.items() if len(series.step)}
    except (OSError, LogFormatError):
        return _NONE


@dataclass(frozen=True, slots=True)
class LogToRead:
    """A log, and whether nothing is written to it any more: then what is known of it holds."""

    path: Path
    is_final: bool


class MetricSummaries:
    """What is known of logs, for any number of threads."""

    def __init__(self) -> None:
        self._logs: FileCache[Path, Summaries] = FileCache(
            _MOST_SUMMARIES, lambda summaries: 1 + len(summaries)
        )

    def read(self, logs: Iterable[LogToRead], budget_s: float) -> tuple[dict[Path, Summaries], int]:
        """The summaries of these logs, and of how many there was no time to read them.

        A log that has changed since and for which there was no time stands with what was known.
        """
        deadline = time.monotonic() + budget_s
        found: dict[Path, Summaries] = {}
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
        return found, n_missing

    def _read(self, path: Path) -> Summaries:
        identity = identify(path)  # before the reading: what is written meanwhile is read again
        return self._logs.put(path, identity, read_summaries(path))

    def metrics(self, logs: Iterable[LogToRead]) -> list[str]:
        """The names of all metrics of those of the logs that are known."""
        names: dict[str, None] = {}
        for log in logs:
            known = self._logs.latest(log.path)
            if known is not None:
                names.update(dict.fromkeys(known.value))
        return list(names)
