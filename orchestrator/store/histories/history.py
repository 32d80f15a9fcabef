"""What a sampler may learn from: sampled combinations and their results, in order."""

from dataclasses import dataclass
from typing import Any

from ..run_states import RunState


@dataclass(frozen=True, slots=True)
class RunSampled:
    """A run was decided on.

    `combination` numbers the combinations, if one has several runs. `n_known` is how many ends the
    sampler knew, `None` if it did not use them.
    """

    index: int
    hyperparameters: dict[str, Any]
    combination: int
    repeat: int = 1
    n_known: int | None = None


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run, or one attempt at it, ended. `value` is the best one it logged, if any.

    `stopped_by` is the rule that stopped it early, if known. `result` has the value of each of
    several objectives, None if one is missing. `violations` is by how much it misses each
    constraint on outcomes, None if not known. `curve` has its progress, by the rule that compares
    runs, and the best value up to there. It is empty without such a rule.
    """

    index: int
    state: RunState
    value: float | None
    stopped_by: str | None = None
    result: tuple[float, ...] | None = None
    violations: tuple[float, ...] | None = ()
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class WarmStartRun:
    """A run of an earlier sweep that this one starts from.

    `stopped_by` is the rule that stopped it early, if known. `result` and `violations` are as in
    `RunEnded`.
    """

    hyperparameters: dict[str, Any]
    state: RunState
    value: float | None
    stopped_by: str | None = None
    result: tuple[float, ...] | None = None
    violations: tuple[float, ...] | None = ()


HistoryEvent = RunSampled | RunEnded | WarmStartRun
