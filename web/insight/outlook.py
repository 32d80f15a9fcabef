"""The outlook of a running sweep: what runs now, the time left, the time since the last
improvement."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ml_tracking_ops.orchestrator.reports.time_left import seconds_left
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.entries import is_over
from ..tables.rows import Row
from ..tables.sweeps.all_runs import AllRuns

_MOST_SHOWN = 8


@dataclass(frozen=True)
class BestSince:
    """Since when the best run is the best: `at`, and how many runs ended after it."""

    at: float
    n_ended_since: int


@dataclass(frozen=True)
class SweepOutlook:
    """The outlook of a sweep on its page.

    Attributes:
        left_s: the time left, or None if it is not known yet, or while the sweep is paused.
        running: the running runs, those that started first in front. `n_more` are not shown.
        best_since: None while the best run itself runs, or there is none.
    """

    left_s: float | None
    running: Sequence[Row]
    n_more: int
    best_since: BestSince | None


def outlook_of(sweep: Sweep, every: AllRuns) -> SweepOutlook | None:
    """Return the outlook, or None once the sweep is over."""
    if is_over(sweep):
        return None
    record = sweep.record
    running = [row for row in every.rows if row.state == "running"]
    running.sort(key=lambda row: row.started_at or 0.0)
    left_s = None if record.is_paused else seconds_left(record, every.n_planned, time.time())
    return SweepOutlook(
        left_s=left_s,
        running=running[:_MOST_SHOWN],
        n_more=max(0, len(running) - _MOST_SHOWN),
        best_since=_best_since(every),
    )


def _best_since(every: AllRuns) -> BestSince | None:
    best = every.best
    if best is None or best.ended_at is None:
        return None
    at = best.ended_at
    n = sum(row.ended_at is not None and row.ended_at > at for row in every.rows)
    return BestSince(at, n)
