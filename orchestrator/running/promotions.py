"""Runs that paused, and continue when their turn comes (`asha` with `resume`)."""

from ..stopping import StoppingRules
from ..stopping.promotion import PromotionAsha
from .runs.attempts import Attempt
from .runs.recorder import Recorder


class Promotions:
    """Keeps the journal and the rule that promotes runs in step.

    Args:
        rules: of the sweep. Nothing is promoted where none of them pauses runs.
    """

    def __init__(self, rules: StoppingRules, recorder: Recorder) -> None:
        self._recorder = recorder
        self._rule = next((r for r in rules.rules if isinstance(r, PromotionAsha)), None)
        if self._rule is not None:
            self._rule.is_paused = self._is_paused

    @property
    def are_possible(self) -> bool:
        """Whether a run that pauses may continue later."""
        return self._rule is not None

    def restore(self) -> None:
        """Take in what the journal says, before runs are looked at."""
        if self._rule is None:
            return
        for (run, rung), (value, is_promoted) in self._recorder.record.rungs.items():
            self._rule.restore(run, rung, value, is_promoted=is_promoted)

    def begin(self) -> None:
        """Record from now on which runs come to a rung."""
        if self._rule is not None:
            self._rule.on_reached = self._record

    def next_attempt(self) -> Attempt | None:
        """The next attempt at the run that is promoted now, if one is."""
        return self._attempt(None if self._rule is None else self._rule.promote())

    def last_attempt(self) -> Attempt | None:
        """An attempt to be made when nothing else is left to do, until a run has finished."""
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

    def _record(self, run: int, rung: int, value: float, *, continues: bool) -> None:
        self._recorder.write("reached", index=run, rung=rung, value=value, continues=continues)
