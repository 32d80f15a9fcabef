"""The seed's rule: so many values in a row without improvement."""

import math
from dataclasses import dataclass

from ..store.objective import Goal
from .decision import Resource, RunProgress, StopDecision, short_number


@dataclass(slots=True)
class _Run:
    best: float | None = None
    bar: float | None = None
    """The value that an improvement must exceed, negated if the goal is the minimum."""
    n_without_improvement: int = 0


class Patience:
    """Stops a run that logged `patience` values in a row without improvement.

    The first value is an improvement over nothing. A value that is NaN, equals the best or is
    better by no more than `min_delta` is not, as in Keras and Lightning.

    Args:
        warmup: values logged before this much of the resource count for the best so far, never
            against a run.
    """

    name = "patience"

    def __init__(
        self,
        metric: str,
        goal: Goal,
        patience: int,
        *,
        min_delta: float = 0.0,
        warmup: int = 0,
        resource: Resource = "step",
    ) -> None:
        self.metric = metric
        self._sign = 1.0 if goal == "max" else -1.0
        self._patience = patience
        self._min_delta = min_delta
        self._warmup = warmup
        self._progress = RunProgress(resource)
        self._runs: dict[int, _Run] = {}

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        state = self._runs.get(run) or self._runs.setdefault(run, _Run())
        amount = self._progress.advance(run, step)
        score = self._sign * value
        if score > state.bar if state.bar is not None else not math.isnan(value):
            state.best, state.n_without_improvement = value, 0
            state.bar = score + self._min_delta
        elif amount >= self._warmup:
            state.n_without_improvement += 1
            if state.n_without_improvement >= self._patience:
                return self._decide(state, step, value)
        return None

    def complete(self, run: int) -> None:
        """Do nothing: each run is judged by itself."""

    def forget(self, run: int) -> None:
        self._runs.pop(run, None)
        self._progress.forget(run)

    def _decide(self, state: _Run, step: int, value: float) -> StopDecision:
        best, count = state.best, state.n_without_improvement
        values = "1 value" if count == 1 else f"{count} values"
        compared = "a number" if best is None else short_number(best)
        margin = f" by more than {self._min_delta:g}" if self._min_delta else ""
        seen = ", all NaN so far" if best is None and math.isnan(value) else ""
        return StopDecision(
            rule=self.name,
            metric=self.metric,
            step=step,
            value=value,
            threshold=best,
            reason=f"stopped early at step {step}: no better than "
            f"{compared}{margin} for {values}{seen}",
        )
