"""Early-stopping rules: a run's history → a reason to stop it, or none. Pure."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .objective import Best, Goal


@dataclass(frozen=True, slots=True)
class StopDecision:
    """Why a run was stopped: what was seen and what it was compared with."""

    rule: str
    metric: str
    step: int
    value: float
    threshold: float | None
    reason: str

    def as_event(self) -> dict[str, Any]:
        return asdict(self)


class Patience:
    """The seed's rule: `patience` logged values in a row without improvement.

    The first value is an improvement over nothing; a value that is NaN or equals the best is
    none. One instance watches one run.
    """

    name = "patience"

    def __init__(self, metric: str, goal: Goal, patience: int) -> None:
        self.metric = metric
        self.patience = patience
        self._best = Best(goal)
        self._n_without_improvement = 0

    def update(self, steps: Iterable[int], values: Iterable[float]) -> StopDecision | None:
        """Take new values in, in the order they were logged; return the decision to stop."""
        for step, value in zip(steps, values, strict=True):
            if self._best.update((step,), (value,)):
                self._n_without_improvement = 0
                continue
            self._n_without_improvement += 1
            if self._n_without_improvement >= self.patience:
                return self._decide(int(step), float(value))
        return None

    def _decide(self, step: int, value: float) -> StopDecision:
        best, count = self._best.value, self._n_without_improvement
        values = "1 value" if count == 1 else f"{count} values"
        compared = "a number" if best is None else f"{best:.6g}"
        seen = ", all NaN so far" if best is None and math.isnan(value) else ""
        return StopDecision(
            rule=self.name,
            metric=self.metric,
            step=step,
            value=value,
            threshold=best,
            reason=f"stopped early at step {step}: {self.metric} was no better than "
            f"{compared} for {values}{seen}",
        )
