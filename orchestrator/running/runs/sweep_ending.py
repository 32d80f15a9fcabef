"""When and why a sweep ends: limits, users, a missing folder, or nothing but failures."""

import anyio

from ...commands.arguments import default_command
from ...config.model import SweepConfig
from ...stopping import StopDecision
from ...store.run_states import RESULTS_THAT_COUNT, RunState, SweepEnd
from .active import ActiveRun, ActiveRuns, Why
from .failing_fast import FailureStreak
from .limits import SEARCH_LIMITS, SweepLimits, out_of_time
from .recorder import ChangeSignal, Recorder

_NO_LOGDIR_HINT = (
    '. The script does not accept --logdir. If it prints its metrics, add "metrics_from": "stdout" '
    'to the configuration. If it uses ExperimentLogger, add "command": ["${interpreter}", '
    '"${program}", "${args}"]'
)


class SweepEnding:
    """Ends a sweep once, for the first reason that occurs.

    Attributes:
        reason: why nothing more is started, or None as long as the sweep is not ending.
        search_reason: why the search is over, if its leaders are still to be confirmed.
        is_interrupted: a user or a signal ended it.
    """

    def __init__(
        self, config: SweepConfig, recorder: Recorder, active: ActiveRuns, changes: ChangeSignal
    ) -> None:
        self.reason: str | None = None
        self.search_reason: str | None = None
        self.is_interrupted = False
        self.limits = SweepLimits(config)
        self._stops_at_target = config.stop_at_target
        self._confirms = config.confirm is not None
        self._is_complete = False
        command = config.command or default_command(config.metrics_from)
        self._passes_logdir = any(part.startswith("--logdir") for part in command)
        self._streak = FailureStreak(config.max_consecutive_failures)
        self._recorder = recorder
        self._active = active
        self._changes = changes

    @property
    def has_begun(self) -> bool:
        """Whether nothing more will be started."""
        return self.reason is not None

    @property
    def is_search_over(self) -> bool:
        """Whether the search starts nothing more. Its leaders may still be confirmed."""
        return self.why_over is not None

    @property
    def why_over(self) -> str | None:
        """Why nothing more is started, or nothing more of the search."""
        return self.reason or self.search_reason

    def interrupt(self, reason: str) -> None:
        """Start nothing more, and stop every run in order."""
        self.is_interrupted = True
        self._stop_all(reason, "interrupted")

    def complete(self, decision: StopDecision | None) -> None:
        """End the sweep because one of its limits is reached."""
        if decision is None or self.has_begun:
            return
        if self._confirms and decision.rule in SEARCH_LIMITS:
            self._end_search(decision)
            return
        self._begin_end(decision)
        if self._lets_runs_end(decision):
            self.reason = decision.reason
            self._changes.note()
        else:
            self._stop_all(decision.reason, decision.for_runs())

    def _end_search(self, decision: StopDecision) -> None:
        """Start no more of the search, and have its leaders confirmed."""
        if self.is_search_over:
            return
        self._begin_end(decision)
        self.search_reason = decision.reason
        self._changes.note()
        if not self._lets_runs_end(decision):
            self._active.stop_all(decision.for_runs())

    def _begin_end(self, decision: StopDecision) -> None:
        self._is_complete = True
        self._recorder.write("stopping", **decision.as_event())

    def _lets_runs_end(self, decision: StopDecision) -> bool:
        return decision.rule == "target" and not self._stops_at_target

    async def end_after(self, max_hours: float) -> None:
        await anyio.sleep(max_hours * 3600)
        self.complete(out_of_time(max_hours))

    def start_nothing_more(self, reason: str) -> None:
        """Start nothing more, and let running runs end. The remaining work is for a resume."""
        if not self.has_begun:
            self.reason = reason
            self._recorder.warn(f"{reason}. No more runs are started")
            self._changes.note()

    def see_best(self, run: ActiveRun) -> None:
        """Take in a run's best value so far."""
        if self._is_confirming(run.attempt.index) or not self._can_win(run.attempt.index):
            return
        best = run.monitor.best
        self.complete(self.limits.see_best(run.attempt.index, best.value, best.step))

    def _can_win(self, index: int) -> bool:
        """Return whether a run meets the constraints on outcomes, which is not known while it
        runs."""
        run = self._recorder.record.runs.get(index)
        return run is None or self._recorder.record.can_win(run)

    def see_end(self, index: int, state: RunState) -> None:
        """Take in that a run has ended and is not tried again."""
        if state in RESULTS_THAT_COUNT:
            self._streak.see_success()
        elif state == "failed":
            self._see_failure(index)
        if not self._is_confirming(index):
            self.complete(self.limits.see_end(index))

    def _is_confirming(self, index: int) -> bool:
        run = self._recorder.record.runs.get(index)
        return run is not None and run.is_confirming

    def _see_failure(self, index: int) -> None:
        started_at = self._recorder.record.runs[index].started_at or 0.0
        is_any_healthy = any(
            run.monitor.has_logged or (run.started_at is not None and run.started_at <= started_at)
            for run in self._active
        )
        if self._streak.see_failure(index, is_any_healthy=is_any_healthy) and not self.has_begun:
            failed = self._streak.runs
            run = self._recorder.record.runs[index]
            last = f", the last one with: {run.reason}" if run.reason else ""
            if self._passes_logdir and "logdir" in (run.reason or ""):
                last += _NO_LOGDIR_HINT
            self._is_complete = False
            self.reason = f"paused: {len(failed)} runs in a row failed{last}"
            self._recorder.write("failing", indices=list(failed), reason=self.reason)
            self._changes.note()

    def _stop_all(self, reason: str, why: Why) -> None:
        if not self.has_begun:
            self.reason = reason
        self._changes.note()
        self._active.stop_all(why)

    def outcome(self) -> SweepEnd:
        """Return how the sweep ended, once none of its runs is running."""
        if self.is_interrupted:
            return "killed"
        if self._is_complete:
            return "finished"
        runs = self._recorder.record.runs.values()
        has_results = any(run.state in RESULTS_THAT_COUNT for run in runs)
        return "finished" if has_results and not self.has_begun else "failed"
