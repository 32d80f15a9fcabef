"""Asynchronous successive halving, and Hyperband over it.

ASHA: Li et al. 2018, arXiv:1810.05934, Algorithm 2, in its stopping form: a run continues from a
rung if it is among the best 1/η of those that have reached the rung so far, and is stopped
otherwise. Nothing is ever paused. Hyperband: Li et al. 2016, arXiv:1603.06560, Algorithm 1.
"""

import math
from bisect import bisect_left, insort
from collections.abc import Callable

from ..store.objective import Goal
from .decision import Resource, RunProgress, StopDecision, short_number


class Asha:
    """Stops a run that is not among the best `1/reduction_factor` at a rung.

    Rungs are at `min_resource × reduction_factor^k`, below `max_resource`. A run is judged by the
    value it logs when it reaches a rung, against itself and those that reached it before. The best
    so far always continues. NaN never does.

    Args:
        bracket: omits this many of the lowest rungs (the paper's early-stopping rate `s`).
    """

    name = "asha"

    def __init__(
        self,
        metric: str,
        goal: Goal,
        *,
        min_resource: int = 1,
        reduction_factor: int = 3,
        max_resource: int | None = None,
        bracket: int = 0,
        resource: Resource = "step",
    ) -> None:
        self.metric = metric
        self._sign = 1.0 if goal == "min" else -1.0
        self._first = min_resource * reduction_factor**bracket
        self._factor = reduction_factor
        self._end = math.inf if max_resource is None else max_resource
        self._bracket = bracket
        self._progress = RunProgress(resource)
        self._next: dict[int, int] = {}
        self._rungs: dict[int, list[float]] = {}
        self._reached: dict[int, list[tuple[int, float]]] = {}

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        amount = self._progress.advance(run, step)
        rung = self._next.get(run, self._first)
        while rung <= amount and rung < self._end:
            if (decision := self._judge(run, rung, step, value)) is not None:
                return decision
            rung *= self._factor
            self._next[run] = rung
        return None

    def complete(self, run: int) -> None:
        """Do nothing: all runs that reached a rung count, however they continued."""

    def forget(self, run: int) -> None:
        self._next.pop(run, None)
        self._progress.forget(run)
        for rung, score in self._reached.pop(run, ()):
            values = self._rungs[rung]
            del values[bisect_left(values, score)]

    def _judge(self, run: int, rung: int, step: int, value: float) -> StopDecision | None:
        scores = self._rungs.setdefault(rung, [])
        score = self._sign * value
        if not math.isnan(score):
            insort(scores, score)
            self._reached.setdefault(run, []).append((rung, score))
        n_kept = max(1, len(scores) // self._factor)
        cut = scores[n_kept - 1] if scores else None
        if cut is not None and score <= cut:
            return None
        compared = None if cut is None else self._sign * cut
        return self._decide(rung, step, value, compared, len(scores))

    def _decide(
        self, rung: int, step: int, value: float, cut: float | None, n_runs: int
    ) -> StopDecision:
        beside = "" if cut is None else f" (the cut is {short_number(cut)})"
        runs = "1 run" if n_runs == 1 else f"{n_runs} runs"
        bracket = f", bracket {self._bracket}" if self._bracket else ""
        return StopDecision(
            rule=self.name,
            metric=self.metric,
            step=step,
            value=value,
            threshold=cut,
            reason=f"stopped early at step {step}: {self.metric} {short_number(value)} is not "
            f"among the best 1/{self._factor} of {runs} {self._progress.at(rung)}{bracket}{beside}",
        )


class Hyperband:
    """Successive halving with several starting points: each run belongs to one bracket.

    Bracket 0 begins to stop runs at `min_resource`. Each further one begins `reduction_factor`
    times later. The runs are spread over the brackets in the paper's proportions `⌈n_brackets · η^s
    / (s + 1)⌉`, interleaved, so that a short sweep has some of each.
    """

    name = "hyperband"

    def __init__(
        self,
        metric: str,
        goal: Goal,
        *,
        max_resource: int,
        min_resource: int = 1,
        reduction_factor: int = 3,
        resource: Resource = "step",
        bracket_of: Callable[[int], int] | None = None,
    ) -> None:
        self.metric = metric
        sizes = bracket_sizes(min_resource, max_resource, reduction_factor)
        self._bracket_of = bracket_of or _Spread(sizes).bracket_of
        self._brackets = [
            Asha(
                metric,
                goal,
                min_resource=min_resource,
                reduction_factor=reduction_factor,
                max_resource=max_resource,
                bracket=bracket,
                resource=resource,
            )
            for bracket in range(len(sizes))
        ]
        for bracket in self._brackets:
            bracket.name = self.name

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        return self._brackets[self._bracket_of(run)].observe(run, step, value)

    def complete(self, run: int) -> None:
        """Do nothing: all runs that reached a rung count, however they continued."""

    def forget(self, run: int) -> None:
        self._brackets[self._bracket_of(run)].forget(run)


def bracket_sizes(min_resource: int, max_resource: int, reduction_factor: int) -> list[int]:
    """Return how many runs each bracket of one round of Hyperband begins with, most aggressive
    first."""
    last = 0  # in whole numbers: a logarithm may fall just short of one
    while min_resource * reduction_factor ** (last + 1) <= max_resource:
        last += 1
    return [-((last + 1) * reduction_factor**s // -(s + 1)) for s in range(last, -1, -1)]


class _Spread:
    """Assigns run 1, 2, … to brackets in the given proportions, as evenly as possible."""

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes
        self._credit = [0] * len(sizes)
        self._brackets: list[int] = []

    def bracket_of(self, run: int) -> int:
        while len(self._brackets) < run:
            self._credit = [a + b for a, b in zip(self._credit, self._sizes, strict=True)]
            richest = self._credit.index(max(self._credit))
            self._credit[richest] -= sum(self._sizes)
            self._brackets.append(richest)
        return self._brackets[run - 1]
