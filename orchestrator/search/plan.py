"""The plan of a search: all that proposing runs needs to know of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..store.objective import Goal
from ..store.outcomes.aims import NO_AIMS, Aims
from .distributions import Distribution
from .sampler_settings import AnySampling, RandomSampling
from .samplers.automatic import PickedSampler, better_sampler, is_installed, pick_sampler
from .settings import Repeats
from .space import Combination, Space


@dataclass(frozen=True)
class SearchPlan:
    """The part of a configuration that decides which runs a sweep has."""

    hyperparameters: Mapping[str, Distribution]
    constraints: Sequence[str] = ()
    sampler: AnySampling = field(default_factory=lambda: RandomSampling(type="random"))
    goal: Goal = "min"
    max_runs: int = 1
    first_runs: Sequence[Combination] = ()
    repeats: Repeats | None = None
    rules: Sequence[str] = ()
    has_metric: bool = True
    aims: Aims = NO_AIMS
    folder: Path = Path()
    """The folder of the configuration."""

    @property
    def better_sampler(self) -> tuple[PickedSampler, AnySampling] | None:
        """The replacement of plain `tpe` or `gp` under a rule that compares runs, or None."""
        return better_sampler(self.sampler, self.rules, self._n_objectives)

    @property
    def _n_objectives(self) -> int:
        return len(self.aims.objectives) or 1

    def pick(self, n_workers: int) -> PickedSampler:
        """Return what `auto` picks, for this many runs at once."""
        return pick_sampler(
            Space(self.hyperparameters, self.constraints),
            self.max_runs // (1 if self.repeats is None else self.repeats.count),
            n_workers,
            self.rules,
            has_metric=self.has_metric,
            n_objectives=self._n_objectives,
            has_library=is_installed,
        )
