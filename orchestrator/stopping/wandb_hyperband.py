"""W&B's `early_terminate: hyperband`, with the decisions of its package `sweeps` 0.3.0."""

import math
from bisect import bisect_left, insort
from dataclasses import dataclass, field

from ..store.objective import Goal
from .decision import StopDecision, short_number

_MOST_BRACKETS = 100
_LARGEST = 2**53


def brackets_from(min_iter: int, eta: float) -> list[int]:
    """Return after how many values runs are compared: `min_iter × eta^k`, cut to whole numbers."""
    found: list[int] = []
    amount = float(min_iter)
    while len(found) < _MOST_BRACKETS and amount <= _LARGEST:
        found.append(int(amount))
        amount *= eta
    return found


def brackets_up_to(max_iter: int, s: int, eta: float) -> list[int]:
    """Return the brackets counted back from the end: `max_iter / eta^k` for k from 1 to s, 1 or
    more."""
    found: list[int] = []
    amount = float(max_iter)
    for _ in range(s):
        amount /= eta
        if amount < 1:
            break
        found.append(int(amount))
    return sorted(found)


@dataclass
class _Run:
    """The state of a run: scores, of which the smallest is the best."""

    n_values: int = 0
    best: float = math.inf
    at_brackets: dict[int, float] = field(default_factory=dict)


class WandbHyperband:
    """Stops a run whose score is beyond the `1/eta` quantile of all runs at its latest bracket.

    Each further value of a run is judged against that bracket again, since more runs may have
    reached it. Values that are not finite do not count.

    Args:
        brackets: after how many values runs are compared.
        strict: compares the value at the bracket. Otherwise the best value so far.
    """

    name = "wandb_hyperband"

    def __init__(
        self, metric: str, goal: Goal, *, brackets: list[int], eta: float, strict: bool
    ) -> None:
        self.metric = metric
        self._sign = 1.0 if goal == "min" else -1.0
        self._brackets = sorted(set(brackets))
        self._kept = 1.0 / eta
        self._eta = eta
        self._is_strict = strict
        self._runs: dict[int, _Run] = {}
        self._scores: dict[int, list[float]] = {bracket: [] for bracket in self._brackets}

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        if not math.isfinite(value):
            return None
        seen = self._runs.setdefault(run, _Run())
        score = self._sign * value
        seen.n_values += 1
        seen.best = min(seen.best, score)
        if seen.n_values in self._scores:
            insort(self._scores[seen.n_values], score)
            seen.at_brackets[seen.n_values] = score
        return self._judge(seen, step, value)

    def complete(self, run: int) -> None:
        """Do nothing: all runs that reached a bracket count, whatever happened later."""

    def forget(self, run: int) -> None:
        for bracket, score in self._runs.pop(run, _Run()).at_brackets.items():
            scores = self._scores[bracket]
            del scores[bisect_left(scores, score)]

    def _judge(self, seen: _Run, step: int, value: float) -> StopDecision | None:
        if not seen.at_brackets:
            return None
        bracket = max(seen.at_brackets)
        scores = self._scores[bracket]
        limit = scores[int(self._kept * len(scores))]
        score = seen.at_brackets[bracket] if self._is_strict else seen.best
        if score <= limit:
            return None
        what = "" if self._is_strict else "best "
        runs = "1 run" if len(scores) == 1 else f"{len(scores)} runs"
        values = "1 value" if bracket == 1 else f"{bracket} values"
        return StopDecision(
            rule=self.name,
            metric=self.metric,
            step=step,
            value=value,
            threshold=self._sign * limit,
            reason=f"stopped early at step {step}: {what}{self.metric} "
            f"{short_number(self._sign * score)} is not among the best 1/{self._eta:g} of {runs} "
            f"after {values}, as W&B counts them (the cut is {short_number(self._sign * limit)})",
        )
