"""Evaluate the results of a sweep by its objectives and constraints on outcomes."""

from collections.abc import Iterable

from ..best_runs import best_run, best_that_counts
from ..objective import Goal
from ..run_record import RunRecord
from ..run_states import RESULTS_THAT_COUNT
from .aims import Aims, losses_of
from .front_measure import FrontMeasure, measure
from .pareto import front_of


class SweepResults:
    """The results in a record of a sweep.

    Attributes:
        aims: the goals of the sweep.
        goal: of the one metric that it optimises, if it has one.
        runs: by index.
    """

    __slots__ = ()
    aims: Aims
    goal: Goal | None
    runs: dict[int, RunRecord]

    @property
    def best(self) -> RunRecord | None:
        """The run of the search with the best value, the earliest of equals, or `None` without one.

        With constraints on outcomes, only runs that have ended and meet them count.
        """
        return best_run(filter(self.can_win, self.runs.values()), self.goal)

    @property
    def best_that_counts(self) -> RunRecord | None:
        """If the best run failed, was killed or lost: the best of the others."""
        return best_that_counts(filter(self.can_win, self.runs.values()), self.goal)

    def can_win(self, run: RunRecord) -> bool:
        """Return whether a run meets the constraints on outcomes, as far as known."""
        return not self.aims.where or (run.has_ended and run.is_feasible)

    def result_of(self, run: RunRecord) -> tuple[float, ...] | None:
        """Return the value of each objective of a run, or None if its result does not count."""
        if run.is_confirming or run.state not in RESULTS_THAT_COUNT or not run.is_feasible:
            return None
        return self.aims.result(run.values) if self.aims.objectives else None

    @property
    def front(self) -> list[RunRecord]:
        """The runs that no other dominates, in the order of their index.

        Only runs that finished or were stopped early, and meet the constraints on outcomes, count.
        """
        return self.front_in(self.runs.values())

    def front_in(self, runs: Iterable[RunRecord]) -> list[RunRecord]:
        """Return the front of some of the runs."""
        ordered = sorted(runs, key=lambda run: run.index)
        found = [(run, result) for run in ordered if (result := self.result_of(run)) is not None]
        losses = [losses_of(self.aims.objectives, result) for _, result in found]
        return [found[position][0] for position in front_of(losses)]

    def measure_front(self, runs: Iterable[RunRecord] | None = None) -> FrontMeasure | None:
        """Return the hypervolume over time, or None without results, and with more than three
        objectives.

        Args:
            runs: those that count, by default all.
        """
        every = self.runs.values() if runs is None else runs
        ended = [run for run in every if run.ended_at is not None]
        ended.sort(key=lambda run: (run.ended_at or 0.0, run.index))
        found = [(run, result) for run in ended if (result := self.result_of(run)) is not None]
        return measure(self.aims.objectives, found)
