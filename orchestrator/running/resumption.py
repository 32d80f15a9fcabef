"""What is left to do of a sweep that was begun before, as its journal and its processes say."""

from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from ml_tracking_ops.logger import paths

from ..executors.base import Executor
from ..stopping import StopDecision, StoppingRules
from ..store.journal import Event, JournalTail
from ..store.process_records import ProcessRecord, read_processes
from ..store.run_states import ENDS, RESUMED
from ..store.sweep_record import RunRecord, SweepRecord
from .runs.attempts import Attempt
from .runs.limits import SweepLimits
from .runs.survivors import Survivor, is_ours, take_over


def fold(folder: Path, sweep: SweepRecord) -> list[Event]:
    """Fold a sweep's journal into `state`, and the starts that the journal missed; return both."""
    events = JournalTail(folder / paths.JOURNAL_NAME).read()
    for event in events:
        sweep.apply(event)
    missed = []
    for record in read_processes(folder / paths.PROCESSES_NAME).values():
        run = sweep.runs.get(record.index)
        if run is not None and record.name != run.name and record.name not in run.previous_names:
            missed.append(_started(record))
            sweep.apply(missed[-1])
    return missed


def _started(record: ProcessRecord) -> Event:
    return {
        "event": "started",
        "time": record.started_at,
        "index": record.index,
        "name": record.name,
        "attempt": record.attempt,
        "slot": record.slot,
        "pid": record.pid,
        "process_identity": record.identity,
    }


def find_survivors(folder: Path, sweep: SweepRecord) -> list[Survivor]:
    """The runs that were running when the journal broke off."""
    records = read_processes(folder / paths.PROCESSES_NAME)
    return [
        _survivor(run, records.get(run.name) or _record_of(run))
        for run in sweep.runs.values()
        if run.state == "running" and run.name is not None
    ]


def share_out(survivors: list[Survivor], n_slots: int) -> list[list[Survivor]]:
    """The survivors of each slot: their own where that still exists, else the emptiest."""
    shares: list[list[Survivor]] = [[] for _ in range(n_slots)]
    for survivor in survivors:
        slot = survivor.record.slot
        has_own = slot is not None and 0 <= slot < n_slots
        share = shares[slot] if has_own and slot is not None else min(shares, key=len)
        share.append(survivor)
    return shares


def _survivor(run: RunRecord, record: ProcessRecord) -> Survivor:
    is_running = record.exit_code is None and is_ours(record)
    attempt = Attempt(run.index, run.hyperparameters, run.attempt)
    return Survivor(attempt, record, is_running, _decision(run))


def _record_of(run: RunRecord) -> ProcessRecord:
    """What the journal says of a process whose own record is lost."""
    return ProcessRecord(
        str(run.name),
        run.index,
        run.attempt,
        run.slot,
        run.pid or 0,
        run.process_identity,
        run.started_at or 0.0,
    )


def _decision(run: RunRecord) -> StopDecision | Literal["by hand"] | None:
    """Why the run was being stopped when the journal broke off, if it was."""
    if run.stopped_by_hand is not None:
        return "by hand"
    if run.stopped_by is None:
        return None
    known: dict[str, Any] = {f.name: run.stopped_by.get(f.name) for f in fields(StopDecision)}
    return StopDecision(**known)


def end_strays(executor: Executor, folder: Path, sweep: SweepRecord) -> None:
    """End processes of runs whose sampling the journal missed: they are sampled and run again."""
    for record in read_processes(folder / paths.PROCESSES_NAME).values():
        is_stray = record.exit_code is None and record.index not in sweep.runs
        if is_stray and is_ours(record):
            take_over(executor, folder, record).kill()


def replay(
    folder: Path, sweep: SweepRecord, rules: StoppingRules, limits: SweepLimits
) -> StopDecision | None:
    """Let the rules and the limits see the runs that are over, as if they had watched them.

    Returns:
        The decision to end the sweep, where the runs call for that.
    """
    ended = [run for run in sweep.runs.values() if run.name and run.state in ENDS - RESUMED]
    if not ended:
        return None
    # numpy comes with these: a new sweep's first run does not wait for it
    from ..stopping.replay import decisions
    from ..store.run_history import load_history

    histories = [load_history(folder / f"{run.name}{paths.DAT_SUFFIX}", run) for run in ended]
    for _ in decisions([history for history in histories if history is not None], rules):
        pass  # whom it concerns has ended
    decision = None
    for run in sorted(ended, key=lambda run: run.ended_at or 0.0):
        best = limits.see_best(run.index, run.best_value, run.best_step)
        decision = limits.see_end(run.index) or best or decision
    return decision


def attempts_left(sweep: SweepRecord, max_runs: int) -> list[Attempt]:
    """What was sampled but never started, and what was interrupted, in the order of the index."""
    left = []
    for index in sorted(sweep.runs):
        run = sweep.runs[index]
        if index > max_runs:
            break
        if run.state == "pending":
            left.append(Attempt(index, run.hyperparameters, run.attempt))
        elif run.state in RESUMED and run.stopped_by_hand is None:
            left.append(Attempt(index, run.hyperparameters, run.attempt + 1))
    return left
