"""Asynchronous successive halving with several objectives (MO-ASHA).

Schmucker et al. 2021, arXiv:2106.12639, in its stopping form: the runs that have reached a rung
are sorted by non-domination, and within a front by an epsilon-net, which prefers runs that are far
from those before. The best 1/η continue, as in `halving`.
"""

import math
from collections.abc import Mapping, Sequence

from ..store.objective import Goal
from ..store.outcomes.pareto import Losses, dominates, front_of
from .decision import Resource, RunProgress, StopDecision, short_number


class NonDominationAsha:
    """Stops a run that is not among the best `1/reduction_factor` at a rung by all objectives.

    A run is judged as soon as it has logged each objective at the rung or later. One that logs an
    objective only at its end is never judged. NaN and infinity never continue.

    Args:
        goals: of each objective, by its metric, in their order.
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
        self._signs = {name: 1.0 if goal == "min" else -1.0 for name, goal in goals.items()}
        self._first = min_resource
        self._factor = reduction_factor
        self._end = math.inf if max_resource is None else max_resource
        self._progress = {name: RunProgress(resource) for name in goals}
        self._next: dict[tuple[int, str], int] = {}
        self._arrived: dict[int, dict[int, dict[str, float]]] = {}
        self._rungs: dict[int, dict[int, Losses]] = {}

    @property
    def parts(self) -> "list[ObjectivePart]":
        """A rule for each objective, which shows its values to this one."""
        return [ObjectivePart(self, name) for name in self._signs]

    def observe(self, run: int, metric: str, step: int, value: float) -> StopDecision | None:
        """Take in a value of one objective, and return the decision to stop that run."""
        amount = self._progress[metric].advance(run, step)
        rung = self._next.get((run, metric), self._first)
        while rung <= amount and rung < self._end:
            values = self._arrived.setdefault(run, {}).setdefault(rung, {})
            values[metric] = value
            self._next[run, metric] = rung * self._factor
            if len(values) == len(self._signs):
                decision = self._judge(run, rung, metric, step, values)
                if decision is not None:
                    return decision
            rung *= self._factor
        return None

    def forget(self, run: int) -> None:
        """Drop what a run has logged: it starts again."""
        for name, progress in self._progress.items():
            self._next.pop((run, name), None)
            progress.forget(run)
        for rung in self._arrived.pop(run, ()):
            self._rungs.get(rung, {}).pop(run, None)

    def _judge(
        self, run: int, rung: int, metric: str, step: int, values: Mapping[str, float]
    ) -> StopDecision | None:
        losses = tuple(sign * values[name] for name, sign in self._signs.items())
        known = self._rungs.setdefault(rung, {})
        is_comparable = all(map(math.isfinite, losses))
        if is_comparable:
            known[run] = losses
            runs = [*known]
            n_kept = max(1, len(runs) // self._factor)
            if run in [runs[place] for place in best_points([*known.values()], n_kept)]:
                return None
        n_before = sum(dominates(other, losses) for other in known.values())
        return self._decide(rung, metric, step, values, n_before, len(known) + (not is_comparable))

    def _decide(
        self,
        rung: int,
        metric: str,
        step: int,
        values: Mapping[str, float],
        n_before: int,
        n_runs: int,
    ) -> StopDecision:
        reached = ", ".join(f"{name} {short_number(values[name])}" for name in self._signs)
        runs = "1 run" if n_runs == 1 else f"{n_runs} runs"
        dominated = (
            f"dominated by {n_before} of them"
            if n_before
            else "dominated by none, but others are further apart"
        )
        return StopDecision(
            rule=self.name,
            metric=metric,
            step=step,
            value=values[metric],
            threshold=None,
            reason=f"stopped early at step {step}: {reached} is not among the best "
            f"1/{self._factor} of {runs} {self._progress[metric].at(rung)} ({dominated})",
        )


class ObjectivePart:
    """Shows the values of one objective to a rule that judges by all of them."""

    def __init__(self, whole: NonDominationAsha, metric: str) -> None:
        self.metric = metric
        self._whole = whole

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        return self._whole.observe(run, self.metric, step, value)

    def complete(self, run: int) -> None:
        """What counts is who reached a rung, however it continued."""

    def forget(self, run: int) -> None:
        self._whole.forget(run)


def best_points(points: Sequence[Losses], count: int) -> list[int]:
    """The positions of the best points, at most `count`: front by front, each by an epsilon-net."""
    left = list(range(len(points)))
    found: list[int] = []
    while left and len(found) < count:
        front = [left[place] for place in front_of([points[one] for one in left])]
        order = epsilon_net([points[one] for one in front])
        found += [front[place] for place in order]
        left = [one for one in left if one not in set(front)]
    return found[:count]


def epsilon_net(points: Sequence[Losses]) -> list[int]:
    """The positions of the points, each the one that is furthest from those before.

    The first is the best in the first objective. Distances are relative to the range of the points
    in each objective.
    """
    lows = [min(column) for column in zip(*points, strict=True)]
    ranges = [
        max(column) - low for column, low in zip(zip(*points, strict=True), lows, strict=True)
    ]
    scaled = [
        [(a - low) / width if width else 0.0 for a, low, width in zip(p, lows, ranges, strict=True)]
        for p in points
    ]
    first = min(range(len(points)), key=lambda place: (points[place], place))
    order, left = [first], [place for place in range(len(points)) if place != first]
    nearest = {place: math.dist(scaled[place], scaled[first]) for place in left}
    while left:
        chosen = max(left, key=lambda place: (nearest[place], -place))
        order.append(chosen)
        left.remove(chosen)
        for place in left:
            nearest[place] = min(nearest[place], math.dist(scaled[place], scaled[chosen]))
    return order
