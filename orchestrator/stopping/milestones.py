"""The course of a run: its best value so far after more and more training. Pure.

A run that a rule stopped has no result of a whole run, but one of a short run. A sampler that knows
how far each run has trained can learn from both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..store.objective import BestSoFar, Goal
from ..store.run_record import COMPARING_RULES
from .decision import Resource, RunProgress
from .settings import AshaRule, HyperbandRule, MedianRule, RuleSettings, WandbHyperbandRule

_FACTOR = 3


@dataclass(frozen=True)
class Milestones:
    """The progress at which runs are compared: `first`, then `factor` times later each."""

    resource: Resource
    first: int
    factor: int

    def after(self, milestone: int) -> int:
        return milestone * self.factor


def milestones_of(rules: Sequence[RuleSettings]) -> Milestones | None:
    """Return where the first rule that compares runs does so, or None if no rule does."""
    compares = (rule for rule in rules if rule.rule in COMPARING_RULES)
    match next(compares, None):
        case AshaRule() | HyperbandRule() as rule:
            return Milestones(rule.resource, rule.min_resource, rule.reduction_factor)
        case MedianRule() as rule:
            return Milestones(rule.resource, max(rule.warmup, 1), _FACTOR)
        case WandbHyperbandRule() as rule:
            return Milestones("values", rule.brackets[0], max(2, round(rule.eta)))
    return None


class CurveOfBest:
    """The best value of one run at each milestone, and at its end."""

    def __init__(self, goal: Goal, milestones: Milestones) -> None:
        self._best = BestSoFar(goal)
        self._milestones = milestones
        self._progress = RunProgress(milestones.resource)
        self._next = milestones.first
        self._last = 0
        self._passed: dict[int, tuple[int, float]] = {}

    def update(self, steps: Iterable[int], values: Iterable[float]) -> None:
        """Take in new values, in the order logged."""
        for step, value in zip(steps, values, strict=True):
            self._best.add(step, value)
            progress = self._progress.advance(0, step)
            self._last = progress if progress > self._last else self._last
            while self._next <= self._last:
                if self._best.value is not None:
                    self._passed[self._next] = step, self._best.value
                self._next = self._milestones.after(self._next)

    def points(self, until: int | None = None) -> list[tuple[int, float]]:
        """Return progress and the best value up to there. The last point is that of the whole run
        so far.

        Args:
            until: the step at which a rule stopped the run. What it logs until it is gone depends
                on chance, so only milestones up to there are in the curve.
        """
        known = self._passed.items()
        if until is not None:
            return [(progress, best) for progress, (step, best) in known if step <= until]
        if self._best.value is None:
            return []
        passed = {progress: best for progress, (_, best) in known}
        return [*{**passed, max(self._last, 1): self._best.value}.items()]
