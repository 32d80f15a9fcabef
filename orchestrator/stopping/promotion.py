"""Asynchronous successive halving that pauses runs, and promotes the best of them later.

Li et al. 2018, arXiv:1810.05934, Algorithm 2: whenever a worker is free, the best run that is among
the best 1/η of its rung and was not promoted yet continues, from the highest rung that has one. If
there is none, a new run begins. A run that its own worker would continue is not paused in between.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..store.objective import Goal
from ..store.outcomes.pareto import Losses
from .decision import Resource, Rule, StopDecision, short_number
from .non_domination import best_points, not_among_the_best
from .rungs import ArrivalsAtRungs, ObjectivePart, number_of_runs


@dataclass(frozen=True, slots=True)
class PauseDecision(StopDecision):
    """A run makes room for others. It may continue later, from its checkpoint."""


class RungListener(Protocol):
    """Called when a run has reached a rung, with its value of each metric there.

    `continues` means that it need not pause.
    """

    def __call__(
        self, run: int, rung: int, values: Mapping[str, float], *, continues: bool
    ) -> None: ...


def _ignore(run: int, rung: int, values: Mapping[str, float], *, continues: bool) -> None:
    """Do nothing: there is no listener."""


class PromotionAsha:
    """Pauses each run at a rung, unless it is the one that would be promoted next.

    A run is judged once at each rung, however many attempts at it there are, and pauses there in
    each of them until it is promoted. With several metrics the best are those of `best_points`, as
    in MO-ASHA (Schmucker et al. 2021, arXiv:2106.12639).

    Args:
        goals: of each metric that it compares runs by, in their order.

    Attributes:
        on_reached: called with each run that reaches a rung.
        is_paused: whether a run can be promoted now: it has paused, and none of its processes
            remains.
    """

    name = "asha"

    def __init__(
        self,
        goals: Mapping[str, Goal],
        *,
        min_resource: int = 1,
        reduction_factor: int = 3,
        max_resource: int | None = None,
        resource: Resource = "step",
    ) -> None:
        self.on_reached: RungListener = _ignore
        self.is_paused: Callable[[int], bool] = lambda run: True
        self._signs = {name: 1.0 if goal == "min" else -1.0 for name, goal in goals.items()}
        self._factor = reduction_factor
        self._arrivals = ArrivalsAtRungs(
            goals,
            min_resource=min_resource,
            reduction_factor=reduction_factor,
            max_resource=max_resource,
            resource=resource,
        )
        self._rungs: dict[int, dict[int, Losses]] = {}
        self._promoted: set[tuple[int, int]] = set()

    @property
    def parts(self) -> list[ObjectivePart]:
        """A rule for each metric, which passes its values to this one."""
        return [ObjectivePart(self, name) for name in self._signs]

    def observe(self, run: int, metric: str, step: int, value: float) -> StopDecision | None:
        """Take in a value of one metric, and return the decision to pause that run."""
        for rung, values in self._arrivals.advance(run, metric, step, value):
            if run in self._rungs.get(rung, ()):
                if (run, rung) in self._promoted:
                    continue  # an earlier attempt was judged there
                # it was to pause, and who judged so was killed before anything came of it
                return self._pause(run, rung, metric, step, values)
            self._add(run, rung, values)
            next_one = self._best(lambda other: other == run or self.is_paused(other))
            continues = next_one == (run, rung)
            if continues:
                self._promoted.add((run, rung))
            self.on_reached(run, rung, values, continues=continues)
            if not continues:
                return self._pause(run, rung, metric, step, values)
        return None

    def forget(self, run: int) -> None:
        """Drop what a run has logged: another attempt begins. The values at its rungs stay."""
        self._arrivals.forget(run)

    def promote(self) -> tuple[int, int] | None:
        """Return the run that is to continue now, and its rung, or None if there is none."""
        found = self._best(self.is_paused)
        if found is not None:
            self._promoted.add(found)
        return found

    def promote_leader(self) -> tuple[int, int] | None:
        """Return the best paused run of the highest rung that has one, even if its rung is too
        small.

        Not in the paper: a sweep of few runs would end with none that was trained to its end.
        """
        for rung in sorted(self._rungs, reverse=True):
            for run in self._ranked(rung, len(self._rungs[rung])):
                if (run, rung) not in self._promoted and self.is_paused(run):
                    self._promoted.add((run, rung))
                    return run, rung
        return None

    def restore(
        self, run: int, rung: int, values: Mapping[str, float], *, is_promoted: bool
    ) -> None:
        """Take in what an earlier orchestrator recorded."""
        self._add(run, rung, values)
        if is_promoted:
            self._promoted.add((run, rung))

    def _add(self, run: int, rung: int, values: Mapping[str, float]) -> None:
        unnamed = values.get("", math.nan)  # of a journal that is older than several objectives
        losses = tuple(sign * values.get(name, unnamed) for name, sign in self._signs.items())
        self._rungs.setdefault(rung, {})[run] = losses

    def _best(self, is_ready: Callable[[int], bool]) -> tuple[int, int] | None:
        for rung in sorted(self._rungs, reverse=True):
            for run in self._leading(rung):
                if (run, rung) not in self._promoted and is_ready(run):
                    return run, rung
        return None

    def _leading(self, rung: int) -> list[int]:
        """Return the best 1/η of those that reached a rung, best first."""
        return self._ranked(rung, len(self._rungs[rung]) // self._factor)

    def _ranked(self, rung: int, count: int) -> list[int]:
        """Return the best runs at a rung, best first. NaN and infinity never continue."""
        known = {
            run: losses
            for run, losses in sorted(self._rungs[rung].items())
            if all(map(math.isfinite, losses))
        }
        if len(self._signs) == 1:
            return sorted(known, key=known.__getitem__)[:count]
        runs = [*known]
        return [runs[place] for place in best_points([*known.values()], count)]

    def _pause(
        self, run: int, rung: int, metric: str, step: int, values: Mapping[str, float]
    ) -> PauseDecision:
        leading = self._leading(rung)
        cut = None
        if leading and len(self._signs) == 1:
            cut = self._signs[metric] * self._rungs[rung][leading[-1]][0]
        why = "another run goes first" if run in leading else self._why(run, rung, values, cut)
        return PauseDecision(
            rule=self.name,
            metric=metric,
            step=step,
            value=values[metric],
            threshold=cut,
            reason=f"paused at step {step}: {why}",
        )

    def _why(self, run: int, rung: int, values: Mapping[str, float], cut: float | None) -> str:
        """Return why a run is not among those that continue, in words."""
        known = self._rungs[rung]
        share = f"1/{self._factor} of {number_of_runs(len(known))} {self._arrivals.at(rung)}"
        if len(values) > 1:
            return not_among_the_best(values, known[run], known.values(), share)
        ((metric, value),) = values.items()
        beside = "" if cut is None else f" (the cut is {short_number(cut)})"
        return f"{metric} {short_number(value)} is not among the best {share}{beside}"


def promotion_of(rules: Iterable[Rule]) -> PromotionAsha | None:
    """Return the rule that promotes runs, or None if there is none."""
    wholes = (rule.whole for rule in rules if isinstance(rule, ObjectivePart))
    return next((whole for whole in wholes if isinstance(whole, PromotionAsha)), None)
