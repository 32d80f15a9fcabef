"""The goals of a sweep: its objectives, and the constraints on its results. Pure.

A sweep has one optimization metric (see `objective.py`) or several objectives, and either may have
constraints on outcomes. A run has one value for each metric in them: the last one logged, or its
best one if an objective sets this.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...expressions.expression import Expression, ExpressionError
from ..files.fields import is_number
from ..objective import BestSoFar, Goal

Take = Literal["last", "best"]
_PLAIN = re.compile(r"\s*(?P<name>[^\W\d][\w./@:%\-]*)\s*[<>=]")


@dataclass(frozen=True, slots=True)
class Objective:
    """One of several metrics that a sweep optimises at once.

    `take` selects which value of a run counts. `reference` bounds the hypervolume. None means the
    worst result.
    """

    metric: str
    goal: Goal
    take: Take = "last"
    reference: float | None = None

    def loss(self, value: float) -> float:
        """Return the value in a form for which less is better."""
        return value if self.goal == "min" else -value


class OutcomeConstraint:
    """An expression over metrics that a run must meet for its result to count.

    The text before the operator is a single metric if it has no blanks: `val/loss < 1`.

    Raises:
        ExpressionError: it is not understood.
    """

    def __init__(self, text: str) -> None:
        found = _PLAIN.match(text)
        self.text = text
        self._expression = Expression(text, () if found is None else (found["name"],))
        self.names = self._expression.names

    def check_truth(self) -> None:
        """Check that it is a comparison, or several.

        Raises:
            ExpressionError: it, or a part of it, is only a number.
        """
        self._expression.check_truth()

    def violation(self, values: Mapping[str, float]) -> float | None:
        """Return by how much the values miss it, at most 0 if they meet it, or None if one is
        missing.

        Raises:
            ExpressionError: it does not fit numbers.
        """
        known = (values.get(name, math.nan) for name in self.names)
        if any(map(math.isnan, known)):
            return None
        margin = self._expression.margin(values)
        return None if margin is None or math.isnan(margin) else margin


@dataclass(frozen=True)
class Aims:
    """The goals of a sweep, beside its one optimization metric."""

    objectives: tuple[Objective, ...] = ()
    where: tuple[OutcomeConstraint, ...] = ()

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics for which a run's value is kept."""
        named = {name for one in self.where for name in one.names}
        return frozenset(named | {one.metric for one in self.objectives})

    @property
    def objective_names(self) -> list[str]:
        """The metrics of the objectives."""
        return [one.metric for one in self.objectives]

    @property
    def columns(self) -> list[str]:
        """The metrics in the order of the configuration, objectives first."""
        named = [name for one in self.where for name in sorted(one.names)]
        return list(dict.fromkeys([*(one.metric for one in self.objectives), *named]))

    def result(self, values: Mapping[str, float]) -> tuple[float, ...] | None:
        """Return the value of each objective, in their order, or None if one is missing or not
        finite."""
        found = tuple(values.get(one.metric, math.nan) for one in self.objectives)
        return found if all(map(math.isfinite, found)) else None

    def violations(self, values: Mapping[str, float]) -> tuple[float, ...] | None:
        """Return by how much each constraint is missed, or None if that is not known for one."""
        found = [_violation(one, values) for one in self.where]
        known = tuple(one for one in found if one is not None)
        return known if len(known) == len(found) else None

    def are_met(self, values: Mapping[str, float]) -> bool:
        """Return whether the values meet every constraint. An unknown value does not."""
        violations = self.violations(values)
        return violations is not None and all(one <= 0 for one in violations)


def _violation(constraint: OutcomeConstraint, values: Mapping[str, float]) -> float | None:
    try:
        return constraint.violation(values)
    except ExpressionError:
        return None


def losses_of(objectives: Sequence[Objective], result: Sequence[float]) -> tuple[float, ...]:
    """Return a result in the form for which less is better."""
    return tuple(one.loss(value) for one, value in zip(objectives, result, strict=True))


NO_AIMS = Aims()


def aims_of(config: Mapping[str, Any]) -> Aims:
    """Return the goals in a configuration. Malformed ones are left out."""
    return Aims(
        tuple(_objectives(config.get("objectives"))), tuple(_constraints(config.get("where")))
    )


def _objectives(given: object) -> Iterable[Objective]:
    for one in given if isinstance(given, list) else ():
        if not isinstance(one, Mapping) or one.get("goal") not in ("min", "max"):
            continue
        metric, reference = one.get("metric"), one.get("reference")
        if isinstance(metric, str):
            take: Take = "best" if one.get("take") == "best" else "last"
            bound = float(reference) if is_number(reference) else None
            yield Objective(metric, one["goal"], take, bound)


def _constraints(given: object) -> Iterable[OutcomeConstraint]:
    for text in given if isinstance(given, list) else ():
        if isinstance(text, str):
            try:
                yield OutcomeConstraint(text)
            except ExpressionError:
                continue


class OutcomeTracker:
    """The value of each metric that a sweep keeps for a run, updated as the run logs."""

    def __init__(self, aims: Aims) -> None:
        best = {one.metric: BestSoFar(one.goal) for one in aims.objectives if one.take == "best"}
        self._best: Mapping[str, BestSoFar] = best
        self._last: dict[str, float] = {}
        self.metrics = aims.metrics

    def update(self, metric: str, steps: Sequence[int], values: Sequence[float]) -> None:
        """Take in new values of a metric, in the order logged."""
        if not values:
            return
        if (best := self._best.get(metric)) is not None:
            best.update(steps, values)
        elif metric in self.metrics:
            self._last[metric] = float(values[-1])

    @property
    def values(self) -> dict[str, float]:
        """The known values, by metric."""
        best = {name: one.value for name, one in self._best.items() if one.value is not None}
        return {**self._last, **best}
