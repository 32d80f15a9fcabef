"""Run the leaders of a search again with new seeds, once the search is over."""

from typing import Literal

from ..config.model import SweepConfig
from ..search.settings import Confirm
from ..store.outcomes.leaders import Leaders
from ..store.run_record import RunRecord
from .runs.active import ActiveRuns
from .runs.attempts import Attempt, AttemptQueue
from .runs.recorder import Recorder
from .runs.sweep_ending import SweepEnding

FIRST_SEED = 1001
"""Larger than seeds that people choose, so that those of the search are not repeated."""


class Confirmation:
    """Decides which leader runs next, with which seed. Records who leads and who is dropped.

    All its decisions follow from the record, so that a resumed sweep decides the same.
    """

    def __init__(
        self,
        config: SweepConfig,
        recorder: Recorder,
        active: ActiveRuns,
        waiting: AttemptQueue,
        ending: SweepEnding,
    ) -> None:
        self._settings = config.confirm
        self._goal = config.optimization_goal or "max"
        self._recorder = recorder
        self._active = active
        self._waiting = waiting
        self._ending = ending

    @property
    def is_wanted(self) -> bool:
        return self._settings is not None

    def next_attempt(self, index: int) -> Attempt | Literal["wait"] | None:
        """Return the run with this index, or "wait" if it depends on the end of another run.

        None means no more.
        """
        if self._settings is None:
            return None
        leaders = self._find_leaders(self._settings)
        if leaders is None:
            return "wait"
        if len(leaders.combinations) < 2:
            self._recorder.warn_once(
                "confirm", "confirm: fewer than two combinations have a value to confirm"
            )
            return None
        from ..verdict.evidence import race_values
        from ..verdict.race import DroppedLeader, next_step

        record, numbers = self._recorder.record, leaders.combinations
        known = [DroppedLeader(number, *why) for number, why in leaders.dropped.items()]
        values = race_values(record, numbers, self._is_over)
        step = next_step(numbers, values, self._settings.seeds, known)
        for out in step.dropped[len(known) :]:
            self._recorder.write(
                "dropped", combination=out.combination, repeat=out.repeat, reason=out.reason
            )
        if step.run is None or step.run == "wait":
            return step.run
        return self._take(index, *step.run, self._settings.seed_name)

    def _find_leaders(self, settings: Confirm) -> Leaders | None:
        """Return the leaders, chosen once all runs of the search have ended, or None before
        that."""
        record = self._recorder.record
        searched = [run for run in record.runs.values() if not run.is_confirming]
        if not all(map(self._is_over, searched)):
            return None
        if record.leaders is None or record.leaders.n_runs != len(searched):
            from ..verdict.evidence import leaders_of

            numbers = leaders_of(searched, self._goal, settings.top)
            self._recorder.write("confirming", combinations=numbers, n_runs=len(searched))
        return record.leaders

    def _is_over(self, run: RunRecord) -> bool:
        """Return whether a run has ended and, as far as is known, is not tried again."""
        if run.index in self._waiting or any(
            one.attempt.index == run.index for one in self._active
        ):
            return False
        return run.has_ended or (self._ending.is_search_over and not run.is_confirming)

    def _take(self, index: int, combination: int, repeat: int, seed_name: str) -> Attempt:
        from ..verdict.evidence import combination_of

        first = next(
            run
            for run in self._recorder.record.runs.values()
            if not run.is_confirming and combination_of(run) == combination
        )
        hyperparameters = {**first.hyperparameters, seed_name: FIRST_SEED + repeat - 1}
        self._recorder.write(
            "sampled",
            index=index,
            hyperparameters=hyperparameters,
            combination=combination,
            repeat=repeat,
            confirms=True,
        )
        return Attempt(index, hyperparameters)
