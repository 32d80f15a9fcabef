"""What a stopping rule takes in, and what it decides."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Resource = Literal["step", "values"]
"""What a rule counts a run's progress in: the step as logged, or how many values it has logged."""


@dataclass(frozen=True, slots=True)
class StopDecision:
    """Why a run was stopped: what was seen and what it was compared with.

    `metric`, `step` and `value` are None if the sweep as a whole was stopped, not by this run.
    """

    rule: str
    metric: str | None
    step: int | None
    value: float | None
    threshold: float | None
    reason: str

    def as_event(self) -> dict[str, Any]:
        return asdict(self)

    def for_runs(self) -> "StopDecision":
        """A decision to end the sweep, as the runs that end with it see it."""
        reason = f"stopped with the sweep: {self.reason}"
        return StopDecision(self.rule, None, None, None, None, reason)


class Rule(Protocol):
    """One rule, watching all runs of a sweep. Runs are told apart by their index.

    A rule's decisions depend on nothing but the order of the calls, so that a finished sweep
    can be replayed.
    """

    metric: str
    """The metric whose values it wants."""

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        """Take in a value that a run has logged, and return the decision to stop that run."""

    def complete(self, run: int) -> None:
        """Take in that a run has finished by itself."""

    def forget(self, run: int) -> None:
        """Drop what a run has logged: it starts again."""


class RunProgress:
    """How far each run has come, in a rule's resource."""

    def __init__(self, resource: Resource) -> None:
        self._is_by_step = resource == "step"
        self._counts: dict[int, int] = {}

    def advance(self, run: int, step: int) -> int:
        """How far a run is with the value it has just logged."""
        if self._is_by_step:
            return step
        count = self._counts[run] = self._counts.get(run, 0) + 1
        return count

    def forget(self, run: int) -> None:
        self._counts.pop(run, None)

    def at(self, amount: int) -> str:
        """`at step 9`, `after 9 values`."""
        if self._is_by_step:
            return f"at step {amount}"
        return f"after {amount} value{'' if amount == 1 else 's'}"


def short_number(value: float) -> str:
    """A value as decisions show it."""
    return f"{value:.6g}"
