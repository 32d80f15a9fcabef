"""Asynchronous successive halving with several objectives (MO-ASHA).

Schmucker et al. 2021, arXiv:2106.12639, in its stopping form: the runs that have reached a rung
are sorted by non-domination, and within a front by an epsilon-net, which prefers runs that are far
from those before. The best 1/η continue, as in `halving`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from ..store.objective import Goal
from ..store.outcomes.pareto import Losses, dominates, front_of
from .decision import Resource, StopDecision, short_number
from .rungs import ArrivalsAtRungs, ObjectivePart, number_of_runs


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
        self._factor = reduction_factor
        self._arrivals = ArrivalsAtRungs(
            goals,
            min_resource=min_resource,
            reduction_factor=reduction_factor,
            max_resource=max_resource,
            resource=resource,
        )
        self._rungs: dict[int, dict[int, Losses]] = {}

    @property
    def parts(self) -> "list[ObjectivePart]":
        """A rule for each objective, which passes its values to this one."""
        return [ObjectivePart(self, name) for name in self._signs]

    def observe(self, run: int, metric: str, step: int, value: float) -> StopDecision | None:
        """Take in a value of one objective, and return the decision to stop that run."""
        for rung, values in self._arrivals.advance(run, metric, step, value):
            if (decision := self._judge(run, rung, metric, step, values)) is not None:
                return decision
        return None

    def forget(self, run: int) -> None:
        """Drop what a run has logged: it starts again."""
        for rung in self._arrivals.forget(run):
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
        why = not_among_the_best(
            values,
            losses,
            [*known.values()],
            f"1/{self._factor} of {number_of_runs(len(known) + (not is_comparable))} "
            f"{self._arrivals.at(rung)}",
        )
        return StopDecision(
            rule=self.name,
            metric=metric,
            step=step,
            value=values[metric],
            threshold=None,
            reason=f"stopped early at step {step}: {why}",
        )


def not_among_the_best(
    values: Mapping[str, float], losses: Losses, others: Iterable[Losses], share: str
) -> str:
    """Return why a run does not continue, in words.

    Args:
        values: of each objective.
        losses: the same so that less is better.
        others: those of the runs that it was compared with.
        share: how many continue, of how many, and where.
    """
    reached = ", ".join(f"{name} {short_number(value)}" for name, value in values.items())
    n_before = sum(dominates(other, losses) for other in others)
    dominated = (
        f"dominated by {n_before} of them"
        if n_before
        else "dominated by none, but others are further apart"
    )
    return f"{reached} is not among the best {share} ({dominated})"


def best_points(points: Sequence[Losses], count: int) -> list[int]:
    """Return the positions of the best points, at most `count`: front by front, each by an
    epsilon-net."""
    left = list(range(len(points)))
    found: list[int] = []
    while left and len(found) < count:
        front = [left[place] for place in front_of([points[one] for one in left])]
        order = epsilon_net([points[one] for one in front])
        found += [front[place] for place in order]
        left = [one for one in left if one not in set(front)]
    return found[:count]


def epsilon_net(points: Sequence[Losses]) -> list[int]:
    """Return the positions of the points, each the one furthest from those before.

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
