"""Asynchronous successive halving that pauses runs, and promotes the best of them later.

Li et al. 2018, arXiv:1810.05934, Algorithm 2: whenever a worker is free, the best run that is
among the best 1/η of its rung and was not promoted yet continues, from the highest rung that has
one. Where there is none, a new run begins. A run that its own worker would continue is not paused
in between.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..store.objective import Goal
from .decision import Resource, RunProgress, StopDecision, short_number


@dataclass(frozen=True, slots=True)
class PauseDecision(StopDecision):
    """A run makes room for others. It may continue later, from what it saved."""


class RungListener(Protocol):
    """Is told that a run has come to a rung. `continues` says that it need not pause."""

    def __call__(self, run: int, rung: int, value: float, *, continues: bool) -> None: ...


def _ignore(run: int, rung: int, value: float, *, continues: bool) -> None:
    """Nobody wants to know."""


class PromotionAsha:
    """Pauses each run at a rung, unless it is the one that would be promoted next.

    A run is judged once at each rung, however many attempts at it there are.

    Attributes:
        on_reached: is told of each run that comes to a rung.
        is_paused: whether a run can be promoted now: it has paused, and nothing of it is left.
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
        resource: Resource = "step",
    ) -> None:
        self.metric = metric
        self.on_reached: RungListener = _ignore
        self.is_paused: Callable[[int], bool] = lambda run: True
        self._sign = 1.0 if goal == "min" else -1.0
        self._first = min_resource
        self._factor = reduction_factor
        self._end = math.inf if max_resource is None else max_resource
        self._progress = RunProgress(resource)
        self._next: dict[int, int] = {}
        self._scores: dict[int, dict[int, float]] = {}
        self._promoted: set[tuple[int, int]] = set()

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        amount = self._progress.advance(run, step)
        while (rung := self._next.get(run, self._first)) <= amount and rung < self._end:
            self._next[run] = rung * self._factor
            if run in self._scores.get(rung, ()):
                continue  # an earlier attempt was judged there
            self._add(run, rung, value)
            continues = self._best(lambda other: other == run or self.is_paused(other)) == (
                run,
                rung,
            )
            if continues:
                self._promoted.add((run, rung))
            self.on_reached(run, rung, value, continues=continues)
            if not continues:
                return self._pause(run, rung, step, value)
        return None

    def complete(self, run: int) -> None:
        """What counts is who reached a rung, however it continued."""

    def forget(self, run: int) -> None:
        """Another attempt at it begins. What it was at its rungs stays."""
        self._next.pop(run, None)
        self._progress.forget(run)

    def promote(self) -> tuple[int, int] | None:
        """The run that is to continue now, and the rung that it comes from, or None if none is."""
        found = self._best(self.is_paused)
        if found is not None:
            self._promoted.add(found)
        return found

    def promote_leader(self) -> tuple[int, int] | None:
        """The best run of the highest rung that has a paused one, though its rung is too small.

        Not in the paper: a sweep of few runs would end with none that was trained to its end.
        """
        for rung in sorted(self._scores, reverse=True):
            scores = self._scores[rung]
            left = [r for r in scores if scores[r] < math.inf and (r, rung) not in self._promoted]
            ready = [run for run in left if self.is_paused(run)]
            if ready:
                found = min(ready, key=lambda run: (scores[run], run)), rung
                self._promoted.add(found)
                return found
        return None

    def restore(self, run: int, rung: int, value: float, *, is_promoted: bool) -> None:
        """Take in what an earlier orchestrator recorded."""
        self._add(run, rung, value)
        if is_promoted:
            self._promoted.add((run, rung))

    def _add(self, run: int, rung: int, value: float) -> None:
        score = math.inf if math.isnan(value) else self._sign * value
        self._scores.setdefault(rung, {})[run] = score

    def _best(self, is_ready: Callable[[int], bool]) -> tuple[int, int] | None:
        for rung in sorted(self._scores, reverse=True):
            for run in self._leading(rung):
                if (run, rung) not in self._promoted and is_ready(run):
                    return run, rung
        return None

    def _leading(self, rung: int) -> list[int]:
        """The best 1/η of those that reached a rung, the best first."""
        scores = self._scores[rung]
        runs = [run for run in scores if scores[run] < math.inf]
        return sorted(runs, key=lambda run: (scores[run], run))[: len(scores) // self._factor]

    def _pause(self, run: int, rung: int, step: int, value: float) -> PauseDecision:
        leading = self._leading(rung)
        n_runs = len(self._scores[rung])
        runs = "1 run" if n_runs == 1 else f"{n_runs} runs"
        cut = self._sign * self._scores[rung][leading[-1]] if leading else None
        if run in leading:
            why = "another run goes first"
        else:
            why = (
                f"{self.metric} {short_number(value)} is not among the best 1/{self._factor} of "
                f"{runs} {self._progress.at(rung)}"
                f"{'' if cut is None else f' (the cut is {short_number(cut)})'}"
            )
        return PauseDecision(
            rule=self.name,
            metric=self.metric,
            step=step,
            value=value,
            threshold=cut,
            reason=f"paused at step {step}: {why}",
        )
