"""The median stopping rule of Google Vizier: Golovin et al. 2017, section 3.2.1."""

import math
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from ..store.objective import BestSoFar, Goal, is_better
from .decision import Resource, RunProgress, StopDecision, short_number

Comparison = Literal["running_average", "value"]


@dataclass(slots=True)
class _History:
    """A run so far: its values by the amount of the resource."""

    best: BestSoFar
    amounts: "array[int]" = field(default_factory=lambda: array("q"))
    standings: "array[float]" = field(default_factory=lambda: array("d"))
    total: float = 0.0
    next_check: int = 0


class Median:
    """Stops a run whose best value so far is worse than the median of the finished runs.

    Finished runs are compared at the same amount of the resource, by the average of their values up
    to there (`running_average`, as in Vizier's paper) or the last logged value (`value`, as in
    Optuna). NaN is left out.

    Args:
        warmup: no run is stopped before this much of the resource.
        interval: a run is judged again only after this much more of the resource.
        min_runs: no run is stopped before this many runs that came as far have finished.
    """

    name = "median"

    def __init__(
        self,
        metric: str,
        goal: Goal,
        *,
        warmup: int = 0,
        min_runs: int = 5,
        interval: int = 1,
        compare_with: Comparison = "running_average",
        resource: Resource = "step",
    ) -> None:
        self.metric = metric
        self._goal: Goal = goal
        self._warmup = warmup
        self._min_runs = min_runs
        self._interval = interval
        self._compare_with = compare_with
        self._progress = RunProgress(resource)
        self._runs: dict[int, _History] = {}
        self._finished: dict[int, _History] = {}
        self._medians: dict[int, tuple[float, int] | None] = {}

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        history = self._runs.get(run) or self._runs.setdefault(run, _History(BestSoFar(self._goal)))
        amount = self._progress.advance(run, step)
        self._extend(history, amount, step, value)
        if amount < max(self._warmup, history.next_check):
            return None
        n_intervals = (amount - self._warmup) // self._interval + 1
        history.next_check = self._warmup + n_intervals * self._interval
        if len(self._finished) < self._min_runs:
            return None
        found = self._median_at(amount)
        best = history.best.value
        if found is None:
            return None
        if best is not None and not is_better(found[0], best, self._goal):
            return None
        return self._decide(step, value, best, *found)

    def complete(self, run: int) -> None:
        if (history := self._runs.get(run)) is not None:
            self._finished[run] = history
            self._medians.clear()

    def forget(self, run: int) -> None:
        self._progress.forget(run)
        self._runs.pop(run, None)
        if self._finished.pop(run, None) is not None:
            self._medians.clear()

    def _extend(self, history: _History, amount: int, step: int, value: float) -> None:
        history.best.add(step, value)
        if math.isnan(value):
            return
        history.total += value
        mean = history.total / (len(history.standings) + 1)
        history.amounts.append(max(amount, history.amounts[-1]) if history.amounts else amount)
        history.standings.append(mean if self._compare_with == "running_average" else value)

    def _median_at(self, amount: int) -> tuple[float, int] | None:
        """Return the finished runs' median and their number, or None if too few came as far."""
        if amount not in self._medians:
            standings = [
                history.standings[bisect_right(history.amounts, amount) - 1]
                for history in self._finished.values()
                if history.amounts and history.amounts[0] <= amount <= history.amounts[-1]
            ]
            enough = len(standings) >= max(1, self._min_runs)
            self._medians[amount] = (median(standings), len(standings)) if enough else None
        return self._medians[amount]

    def _decide(
        self, step: int, value: float, best: float | None, middle: float, n_runs: int
    ) -> StopDecision:
        mine = "no number so far" if best is None else f"its best value {short_number(best)}"
        of_what = "average so far" if self._compare_with == "running_average" else "value there"
        return StopDecision(
            rule=self.name,
            metric=self.metric,
            step=step,
            value=value,
            threshold=middle,
            reason=f"stopped early at step {step}: {self.metric}: {mine} is worse than the median "
            f"{short_number(middle)} of {n_runs} finished runs ({of_what})",
        )
