"""What happens when a run has ended: it is recorded, perhaps tried again, and may end the sweep."""

import time
from pathlib import Path

import anyio

from ...config.model import SweepConfig
from ...executors.base import TRY_ELSEWHERE, RunEnd
from ...stopping import StopDecision, StoppingRules
from ...store.files.output_tail import ERROR_LINES, TAIL_LINES, last_lines
from ...store.run_states import RESULTS_THAT_COUNT, RunState
from .active import ActiveRun, ActiveRuns
from .attempts import Attempt, AttemptQueue, backoff_s
from .open_files import LAST_WAIT_S, trouble_to_read, wait_to_read
from .outcome import run_reason, run_state
from .recorder import Recorder
from .silence import SilenceWarnings
from .sweep_ending import SweepEnding


class RunEnds:
    """Closes runs that have ended, and decides which are tried again."""

    def __init__(
        self,
        config: SweepConfig,
        folder: Path,
        recorder: Recorder,
        active: ActiveRuns,
        ending: SweepEnding,
        waiting: AttemptQueue,
        rules: StoppingRules,
        silence: SilenceWarnings,
    ) -> None:
        self._config = config
        self._folder = folder
        self._recorder = recorder
        self._active = active
        self._ending = ending
        self._waiting = waiting
        self._rules = rules
        self._silence = silence

    async def wait_until_readable(self, run: ActiveRun) -> None:
        """Wait while no file can be opened: what a run logged last would count as missing.

        If the sweep is ending, it does not wait for long.
        """
        can_read = False
        while not can_read and (trouble := trouble_to_read()) is not None:
            why = f"its log cannot be read now: {trouble}"
            self._recorder.warn_once("files", f"run {run.name} has ended, but {why}. It is waiting")
            is_last = self._ending.has_begun
            with anyio.move_on_after(LAST_WAIT_S):
                await wait_to_read()
                can_read = True
            if is_last:
                return
        self._recorder.take_back("files", "the logs of runs that have ended can be read again")

    def close(self, run: ActiveRun, end: RunEnd) -> None:
        """Record the end of a run without remaining processes."""
        self._active.remove(run)
        if not self._folder.is_dir():
            run.monitor.follow_to(self._recorder.folder)
        run.monitor.read_all()
        state = run_state(run, end)
        if state == "finished" and not self._is_confirming(run.attempt):
            self._rules.complete(run.attempt.index)
        self._record(run, state, end)
        self._silence.warn_of_notes(run)
        if state in RESULTS_THAT_COUNT:  # other runs may not have come as far
            self._silence.look_at(run)
        self._ending.see_best(run)
        if run.stopping == "by hand":
            return  # no evidence against the other runs of the sweep
        if self._is_blameless(run, state, end):
            self._waiting.add(run.attempt.again())
        else:
            self._continue_after(run.attempt, state)

    @staticmethod
    def _is_blameless(run: ActiveRun, state: RunState, end: RunEnd) -> bool:
        """Return whether a run is to be tried again without using up a retry."""
        if state == "lost":
            return True
        was_taken_away = end.cause in TRY_ELSEWHERE and run.stopping is None
        return state == "killed" and (run.is_leftover or was_taken_away)

    def _record(self, run: ActiveRun, state: RunState, end: RunEnd) -> None:
        by_hand = self._recorder.record.runs[run.attempt.index].stopped_by_hand
        lines = [] if state in RESULTS_THAT_COUNT else last_lines(run.log_path, ERROR_LINES)
        ended_at = run.ended_at or end.at or time.time()
        decision = run.stopping if isinstance(run.stopping, StopDecision) else None
        self._recorder.write(
            "ended",
            time=round(ended_at, 6),
            index=run.attempt.index,
            state=state,
            exit_code=end.exit_code,
            cause=end.cause,
            duration_s=round(ended_at - (run.started_at or ended_at), 6),
            **run.monitor.summary_at_end(decision),
            reason=run_reason(
                run,
                state,
                end,
                lines,
                self._ending.why_over,
                by_hand,
            ),
            output_tail=lines[-TAIL_LINES:],
            **self._follow_up(run.attempt, state),
        )

    def fail_unstarted(self, attempt: Attempt, error: OSError) -> None:
        """Record that an attempt could not be started."""
        self._recorder.write(
            "ended",
            index=attempt.index,
            state="failed",
            cause="never_started",
            reason=f"could not be started: {error}",
            duration_s=0.0,
            output_tail=[str(error)],
            **self._follow_up(attempt, "failed"),
        )
        self._continue_after(attempt, "failed")

    def _continue_after(self, attempt: Attempt, state: RunState) -> None:
        if self._will_retry(attempt, state):
            self._retry(attempt)
        else:
            self._ending.see_end(attempt.index, state)

    def _will_retry(self, attempt: Attempt, state: RunState) -> bool:
        is_left = attempt.n_failed < self._config.retries
        is_over = self._ending.is_search_over and not self._is_confirming(attempt)
        return state == "failed" and is_left and not is_over and not self._ending.has_begun

    def _is_confirming(self, attempt: Attempt) -> bool:
        return self._recorder.record.runs[attempt.index].is_confirming

    def _follow_up(self, attempt: Attempt, state: RunState) -> dict[str, bool]:
        return {"will_retry": True} if self._will_retry(attempt, state) else {}

    def _retry(self, attempt: Attempt) -> None:
        delay_s = backoff_s(self._config.retry_backoff_s, attempt.n_failed + 1)
        again = attempt.again(has_failed=True)
        self._waiting.add(again, anyio.current_time() + delay_s)
        self._recorder.write("retrying", index=attempt.index, attempt=again.number, delay_s=delay_s)
