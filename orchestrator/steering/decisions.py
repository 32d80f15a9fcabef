"""Decide whether a request can be met now, and word the answer. Pure."""

from ..store.run_record import RunRecord
from ..store.run_states import RESUMED, STATES, SUBMITTED
from ..store.sweep_record import SweepRecord
from .requests import SweepRequest, workers_problem


def why_not(request: SweepRequest, sweep: SweepRecord) -> str | None:
    """Explain why a request cannot be met now, or return None if it can."""
    if request.index is not None:
        run = sweep.runs.get(request.index)
        if run is None:
            return f"there is no run {request.index} in this sweep yet"
        return _why_not_run(request, run)
    match request.action:
        case "pause" if sweep.is_paused:
            return "the sweep is already paused"
        case "continue" if not sweep.is_paused:
            return "the sweep is not paused"
        case "requeue":
            return "name the run to run again"
        case "workers":
            return workers_problem(request.n_workers)
    return None


def _why_not_run(request: SweepRequest, run: RunRecord) -> str | None:
    match request.action, run.state:
        case "stop", "running" | "queued":
            if run.stopped_by_hand or run.stopped_by:
                return f"run {run.index} is already being stopped"
            return None
        case "stop", "pending":
            if run.waits_again:
                return None
            if run.name is None:
                return f"run {run.index} has not started yet"
            return f"run {run.index} failed and waits to be tried again. Stop it once it runs"
        case "stop", state:
            return f"run {run.index} has already ended: it is {STATES[state].word}"
        case "requeue", "running":
            return f"run {run.index} is running. Stop it first"
        case "requeue", "queued":
            return f"run {run.index} is already queued"
        case "requeue", "pending":
            return f"run {run.index} is already waiting to start"
        case "requeue", _:
            return None
        case action, _:
            return f"{action} is for a sweep, not for one of its runs"


def withdrawn_text(run: RunRecord) -> str:
    """Return what happens to a run that will not run again after all."""
    was = run.before or run
    state = STATES[was.state].word
    if was.state in RESUMED and was.stopped_by_hand is None:
        return f"run {run.index} stays {state}. A resume runs it again, like all interrupted runs"
    return f"run {run.index} is not run again: it stays {state}"


def workers_text(n_workers: int, sweep: SweepRecord) -> str:
    n_running = sum(sweep.counts.get(state, 0) for state in SUBMITTED)
    text = f"{n_workers} run{'' if n_workers == 1 else 's'} at once from now on"
    more = n_running - n_workers
    if more <= 0:
        return text
    return f"{text}. {more} of the running runs {'is' if more == 1 else 'are'} not replaced"
