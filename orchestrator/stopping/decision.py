"""The interface of stopping rules, and their decisions."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Resource = Literal["step", "values"]
"""The unit of a run's progress for a rule: the logged step, or the number of logged values."""


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
        """Return a decision to end the sweep, in the form for the runs that end with it."""
        reason = f"stopped with the sweep: {self.reason}"
        return StopDecision(self.rule, None, None, None, None, reason)


class Rule(Protocol):
    """One rule for all runs of a sweep. Runs are identified by their index.

    A rule's decisions depend only on the order of the calls, so that a finished sweep can be
    replayed.
    """

    metric: str
    """The metric whose values it needs."""

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        """Take in a logged value, and return the decision to stop that run."""

    def complete(self, run: int) -> None:
        """Take in that a run has finished by itself."""

    def forget(self, run: int) -> None:
        """Drop what a run has logged: it starts again."""


class RunProgress:
    """The progress of each run, in a rule's resource."""

    def __init__(self, resource: Resource) -> None:
        self._is_by_step = resource == "step"
        self._counts: dict[int, int] = {}

    def advance(self, run: int, step: int) -> int:
        """Return the progress of a run with the value it has just logged."""
        if self._is_by_step:
            return step
        count = self._counts[run] = self._counts.get(run, 0) + 1
        return count

    def forget(self, run: int) -> None:
        self._counts.pop(run, None)

    def at(self, amount: int) -> str:
        """Return `at step 9` or `after 9 values`."""
        if self._is_by_step:
            return f"at step {amount}"
        return f"after {amount} value{'' if amount == 1 else 's'}"


def short_number(value: float) -> str:
    """Return a value in the form used in decisions."""
    return f"{value:.6g}"
