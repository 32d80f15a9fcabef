"""What is to be searched, and how: all that proposing runs needs to know of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..store.objective import Goal
from .distributions import Distribution
from .settings import Repeats, SamplerName
from .space import Combination


@dataclass(frozen=True)
class SearchPlan:
    """The part of a configuration that decides which runs a sweep has."""

    hyperparameters: Mapping[str, Distribution]
    constraints: Sequence[str] = ()
    sampler: SamplerName = "random"
    goal: Goal = "min"
    max_runs: int = 1
    first_runs: Sequence[Combination] = ()
    repeats: Repeats | None = None
