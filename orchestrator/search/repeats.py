"""Several runs of one combination, each with its own seed."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from ..store.histories.history import HistoryEvent, RunEnded, RunSampled, WarmStartRun
from .settings import Repeats
from .space import Combination


class Repeat(NamedTuple):
    """Another run of a combination that was begun."""

    hyperparameters: Combination
    combination: int
    repeat: int


@dataclass
class _Begun:
    """A combination that was begun. `ends` holds each of its runs that has ended."""

    number: int
    hyperparameters: Combination
    n_runs: int = 0
    ends: dict[int, RunEnded] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        return any(end.state != "finished" for end in self.ends.values())

    @property
    def is_promising(self) -> bool:
        return bool(self.ends) and not self.has_failed

    def end(self) -> RunEnded:
        """Return the result of the combination: the mean of its runs."""
        ends = list(self.ends.values())
        values = [end.value for end in ends if end.value is not None]
        decisive = next((end for end in ends if end.state == "finished"), ends[0])
        value = statistics.fmean(values) if values else None
        return replace(decisive, index=self.number, value=value)


class RepeatedRuns:
    """Decides between a repeat and a new combination, and shows the sampler the means.

    A combination's first run decides whether it is repeated: only if it finished, and then all of
    its repeats come before anything new. `history` is what the sampler sees: one end for each
    combination, once all of its runs have ended.
    """

    def __init__(self, repeats: Repeats | None, max_runs: int) -> None:
        self._repeats = repeats
        self._count = 1 if repeats is None else repeats.count
        self._max_runs = max_runs
        self._begun: dict[int, _Begun] = {}
        self._number_of_run: dict[int, int] = {}
        self._n_read = 0
        self.history: list[HistoryEvent] = []

    @property
    def n_combinations(self) -> int:
        return len(self._begun)

    @property
    def may_continue(self) -> bool:
        """Whether a combination is still waiting for the result of its first run."""
        return self._count > 1 and any(not begun.ends for begun in self._begun.values())

    def choose(
        self, index: int, history: Sequence[HistoryEvent]
    ) -> Repeat | Literal["new", "wait"] | None:
        """Return what run `index` will be, or `None` if its place is no longer needed."""
        self._read(history)
        if self._count == 1:
            return "new"
        for begun in self._begun.values():
            if begun.is_promising and begun.n_runs < self._count:
                repeat = begun.n_runs + 1
                combination = self.with_seed(begun.hyperparameters, repeat)
                return Repeat(combination, begun.number, repeat)
        waiting = [begun for begun in self._begun.values() if not begun.ends]
        kept = sum(self._count - begun.n_runs for begun in waiting)
        if self._max_runs - index + 1 > kept:
            return "new"
        return "wait" if waiting else None

    def with_seed(self, combination: Combination, repeat: int) -> Combination:
        """Return the combination as it is run, with the repeat's number as its seed."""
        if self._repeats is None:
            return combination
        return {**combination, self._repeats.seed_name: repeat}

    def _read(self, history: Sequence[HistoryEvent]) -> None:
        for event in history[self._n_read :]:
            match event:
                case WarmStartRun():
                    self.history.append(event)
                case RunSampled():
                    self._take_sampled(event)
                case RunEnded():
                    self._take_ended(event)
        self._n_read = len(history)

    def _take_sampled(self, event: RunSampled) -> None:
        number = event.combination
        self._number_of_run[event.index] = number
        if number not in self._begun:
            combination = dict(event.hyperparameters)
            if self._repeats is not None:
                combination.pop(self._repeats.seed_name, None)
            self._begun[number] = _Begun(number, combination)
            self.history.append(replace(event, index=number, hyperparameters=combination))
        self._begun[number].n_runs += 1

    def _take_ended(self, event: RunEnded) -> None:
        number = self._number_of_run.get(event.index)
        if number is None:
            return
        begun = self._begun[number]
        begun.ends[event.index] = event
        is_last = begun.has_failed or begun.n_runs == self._count
        if is_last and len(begun.ends) == begun.n_runs:
            self.history.append(begun.end())
