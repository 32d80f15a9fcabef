"""Runs that paused, and continue when their turn comes (`asha` with `resume`)."""

import math
from collections.abc import Mapping

from ..stopping import StoppingRules
from ..stopping.promotion import promotion_of
from .runs.attempts import Attempt
from .runs.recorder import Recorder


class Promotions:
    """Keeps the journal and the rule that promotes runs in step.

    Args:
        rules: of the sweep. Nothing is promoted if none of them pauses runs.
    """

    def __init__(self, rules: StoppingRules, recorder: Recorder) -> None:
        self._recorder = recorder
        self._rule = promotion_of(rules.rules)
        if self._rule is not None:
            self._rule.is_paused = self._is_paused

    @property
    def are_possible(self) -> bool:
        """Whether a run that pauses may continue later."""
        return self._rule is not None

    def restore(self) -> None:
        """Take in what the journal records, before runs are read."""
        if self._rule is None:
            return
        for (run, rung), (values, is_promoted) in self._recorder.record.rungs.items():
            self._rule.restore(run, rung, values, is_promoted=is_promoted)

    def begin(self) -> None:
        """Begin to record which runs reach a rung."""
        if self._rule is not None:
            self._rule.on_reached = self._record

    def next_attempt(self) -> Attempt | None:
        """Return the next attempt at the run that is promoted now, if any."""
        return self._attempt(None if self._rule is None else self._rule.promote())

    def last_attempt(self) -> Attempt | None:
        """Return an attempt for when nothing else is left to do, until a run has finished."""
        runs = self._recorder.record.runs.values()
        if self._rule is None or any(run.state == "finished" for run in runs):
            return None
        return self._attempt(self._rule.promote_leader())

    def _attempt(self, found: tuple[int, int] | None) -> Attempt | None:
        if found is None:
            return None
        index, rung = found
        run = self._recorder.record.runs[index]
        self._recorder.write("promoted", index=index, rung=rung, attempt=run.attempt + 1)
        return Attempt(index, run.hyperparameters, run.attempt, run.n_failed)

    def _is_paused(self, index: int) -> bool:
        run = self._recorder.record.runs.get(index)
        return run is not None and run.state == "paused"

    def _record(self, run: int, rung: int, values: Mapping[str, float], *, continues: bool) -> None:
        known = {name: value for name, value in values.items() if math.isfinite(value)}
        self._recorder.write("reached", index=run, rung=rung, values=known, continues=continues)
