"""Decide which run comes next: first runs, then the sampler's combinations, each with its
repeats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..store.histories.history import HistoryEvent, RunEnded, WarmStartRun
from ..store.run_states import RESULTS_THAT_COUNT
from ..store.sweep_record import SweepRecord
from .first_runs import complete_combination
from .plan import SearchPlan
from .repeats import RepeatedRuns
from .sampler_settings import AnySampling, sampler_named
from .samplers.automatic import PickedSampler
from .samplers.base import Sampler
from .samplers.registry import SAMPLERS, check_settings, open_sampler
from .space import Combination, Space


@dataclass(frozen=True)
class Proposal:
    """A run to be started. `combination` and `repeat` count from 1.

    `n_known` is how many ended runs the sampler knew, `None` if it does not learn.
    """

    hyperparameters: Combination
    combination: int
    repeat: int = 1
    n_known: int | None = None


def picked_before(record: SweepRecord) -> PickedSampler | None:
    """Return what `auto` was when a sweep began, or None if its journal does not contain it."""
    if record.picked is None:
        return None
    name, reason = record.picked
    return next((PickedSampler(known, reason) for known in SAMPLERS if known == name), None)


class Proposer:
    """Proposes the runs of a sweep, as a function of its plan, seed and history.

    Args:
        n_workers: how many runs at once, for a plan whose sampler is `auto`.
        picked: what `auto` was when the sweep began, if it was begun before.

    Attributes:
        pick: what `auto`, or `tpe` or `gp` under a rule that compares runs, stands for, or None
            for any other sampler.

    Raises:
        UsageError: the sampler needs a library that is not installed, or cannot be made.
    """

    def __init__(
        self,
        plan: SearchPlan,
        seed: int,
        n_workers: int = 1,
        picked: PickedSampler | None = None,
    ) -> None:
        self.pick: PickedSampler | None = None
        self.sampler: AnySampling = plan.sampler
        if self.sampler.type == "auto":
            self.pick = picked or plan.pick(n_workers)
            self.sampler = sampler_named(self.pick.name)
        elif (better := plan.better_sampler) is not None:
            self.pick, self.sampler = better
        self._plan = plan
        self._seed = seed
        self.space = Space(plan.hyperparameters, plan.constraints)
        self.learns = check_settings(self.sampler, self.space, seed, plan.folder)
        self._sampler: Sampler | None = None
        self._left_out: str | None = None
        self._first = self._complete_first_runs()
        self._repeats = RepeatedRuns(plan.repeats, plan.max_runs)
        self.why_exhausted: str | None = None

    @property
    def trouble(self) -> str | None:
        """The first problem of the sampler, if any."""
        return self._left_out or (None if self._sampler is None else self._sampler.trouble)

    @property
    def most_runs(self) -> int:
        """The largest number of runs: `max_runs`, or all that the search space has."""
        count = self.space.n_at_most
        repeats = 1 if self._plan.repeats is None else self._plan.repeats.count
        most = self._plan.max_runs
        return most if count is None else min(most, count * repeats)

    def _complete_first_runs(self) -> list[Combination]:
        """Return the first runs, each of them once."""
        found: list[Combination] = []
        left_out: list[str] = []
        for number, given in enumerate(self._plan.first_runs, 1):
            try:
                found.append(complete_combination(self.space, given, self._seed, number, found))
            except LookupError:
                left_out.append(f"first_runs.{number - 1}")
        if left_out:
            self._left_out = (
                f"{', '.join(left_out)} left out, because every completion equals an "
                "earlier first run"
            )
        return found

    def propose(
        self, index: int, history: Sequence[HistoryEvent] = ()
    ) -> Proposal | Literal["wait"] | None:
        """Return the run with this index, or "wait" if it depends on the end of another run.

        `None` means no more.
        """
        choice = self._repeats.choose(index, history)
        if choice is None or choice == "wait":
            return choice
        if choice != "new":
            return Proposal(*choice)
        number = self._repeats.n_combinations + 1
        combination, n_known = self._combination(number, self._repeats.history)
        if combination is None:
            self.why_exhausted = self._sampler.why_exhausted if self._sampler else None
            return "wait" if self._repeats.may_continue else None
        return Proposal(self._repeats.with_seed(combination, 1), number, 1, n_known)

    def _combination(
        self, number: int, history: Sequence[HistoryEvent]
    ) -> tuple[Combination | None, int | None]:
        if number <= len(self._first):
            return self._first[number - 1], None
        if self._sampler is None:
            self._sampler = open_sampler(
                self.sampler,
                self.space,
                self._seed,
                self._plan.goal,
                self._taken(history),
                self._plan.aims,
                self._plan.folder,
                self._plan.rules,
            )
        # a sampler that learns finds the first runs in the history, a sequence begins after them
        number -= 0 if self.learns else len(self._first)
        found = self._sampler.combination(number, history)
        n_known = sum(isinstance(event, RunEnded) for event in history) if self.learns else None
        return found, n_known

    def _taken(self, history: Sequence[HistoryEvent]) -> list[Combination]:
        """Return the combinations that need not run again: first runs, and ended ones of earlier
        sweeps."""
        known = [
            event.hyperparameters
            for event in history
            if isinstance(event, WarmStartRun) and event.state in RESULTS_THAT_COUNT
        ]
        return [*self._first, *known]
