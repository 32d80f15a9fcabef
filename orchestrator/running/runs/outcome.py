"""How a run ended, as a state and a sentence."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path

from ...executors.base import Cause, RunEnd, was_killed
from ...stopping import StopDecision
from ...stopping.promotion import PauseDecision
from ...store.files.output_tail import error_line
from ...store.objective import BestSoFar
from ...store.process_records import state_by_exit_code
from ...store.run_states import RunState
from ...supervision.os_processes import SIGKILL
from .active import ActiveRun

_STATE_BY_CAUSE: Mapping[Cause, RunState] = {
    "cancelled": "killed",
    "preempted": "killed",
    "time_limit": "killed",
    "node_failed": "lost",
    "out_of_memory": "failed",
    "never_started": "failed",
}
_WORDS: Mapping[Cause, str] = {
    "cancelled": "cancelled from outside",
    "preempted": "preempted: other work needed its place",
    "time_limit": "ended at the time limit",
    "node_failed": "its node failed",
    "out_of_memory": "killed by the system: out of memory",
    "never_started": "never started",
}


def run_state(run: ActiveRun, end: RunEnd) -> RunState:
    """Return the state of a run that has ended."""
    if isinstance(run.stopping, StopDecision):
        return "paused" if isinstance(run.stopping, PauseDecision) else "early_stopped"
    if run.stopping is not None:
        return "killed"
    if (by_cause := _STATE_BY_CAUSE.get(end.cause)) is not None:
        return by_cause
    if end.exit_code is None:
        return _state_by_log(run.monitor.dat_path)
    if end.exit_code == -SIGKILL and not run.is_leftover:
        return "failed"  # nobody here sent it: the cause is nearly always memory
    return state_by_exit_code(end.exit_code)


def _state_by_log(dat_path: Path) -> RunState:
    """Return the state of a run with unknown exit code, according to its log."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError, read_ending

    try:
        ending = read_ending(dat_path, follow_link=False)
    except (OSError, LogFormatError):
        return "lost"
    if not ending.is_closed:
        return "lost"
    return "failed" if ending.ended_with_error else "finished"


def run_reason(
    run: ActiveRun,
    state: RunState,
    end: RunEnd,
    tail: list[str],
    stop_reason: str | None,
    by_hand: str | None = None,
) -> str | None:
    """Return one sentence on why a run ended as it did, or None if there is nothing to add."""
    if isinstance(run.stopping, StopDecision):
        return run.stopping.reason + beside_best(run.monitor.best, run.stopping)
    if run.stopping == "by hand":
        return by_hand or "stopped by hand"
    if run.stopping == "interrupted":
        return f"stopped with the sweep: {stop_reason}"
    if run.stopping == "timeout":
        running_s = time.time() - (run.started_at or time.time())
        return f"stopped after {running_s:.1f} s: timeout_s was over"
    if state == "finished":
        return _left_running(end)
    if (words := _WORDS.get(end.cause)) is not None:
        return words + _details(end)
    if end.exit_code is None:
        return "ended while no process could see its exit code" + _details(end)
    return _reason_by_exit_code(end.exit_code, tail)


def _details(end: RunEnd) -> str:
    """Return what is known besides the cause."""
    details = [] if end.detail is None else [end.detail]
    details += [] if end.exit_code is None else [_how(end.exit_code)]
    return f" ({', '.join(details)})" if details else ""


def _how(exit_code: int) -> str:
    if exit_code == -SIGKILL:
        return "signal 9, SIGKILL"
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"


def _reason_by_exit_code(exit_code: int, tail: list[str]) -> str:
    if was_killed(exit_code):
        return f"killed by the system, probably out of memory ({_how(exit_code)})"
    error = error_line(tail)
    detail = f": {error}" if error else ""
    if exit_code < 0:
        return f"ended by signal {-exit_code} ({_signal_name(-exit_code)}){detail}"
    return f"exit code {exit_code}{detail}"


def beside_best(best: BestSoFar, decision: StopDecision) -> str:
    """Explain why the best value, shown beside the reason, is not the value that was judged."""
    if decision.step is None or best.step is None or best.value is None:
        return ""
    shown = f"{best.value:.6g}"
    if best.step > decision.step:
        return (
            f" (the best value, {shown} at step {best.step}, came after the decision at step "
            f"{decision.step})"
        )
    if best.step == decision.step or decision.rule not in _JUDGE_ONE_VALUE:
        return ""
    return (
        f" (the best value, {shown} at step {best.step}, came earlier. The decision used the value "
        f"at step {decision.step})"
    )


_JUDGE_ONE_VALUE = ("asha", "hyperband")


def _left_running(end: RunEnd) -> str | None:
    left = end.left_running
    return f"finished, but left running and then ended: {'; '.join(left)}" if left else None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
