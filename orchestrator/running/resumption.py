"""Find the remaining work of an earlier sweep, from its journal and its processes."""

from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from ml_tracking_ops.logger import paths

from ..executors.base import Executor, RecordedRun
from ..stopping import StopDecision, StoppingRules
from ..stopping.promotion import PauseDecision
from ..store.journal import Event, JournalTail
from ..store.process_records import ProcessRecord, read_processes
from ..store.run_record import RunRecord
from ..store.run_states import ENDS, RESUMED, SUBMITTED
from ..store.sweep_record import SweepRecord
from .runs.attempts import Attempt
from .runs.limits import SweepLimits
from .runs.starting.survivors import Survivor


def fold(folder: Path, sweep: SweepRecord) -> list[Event]:
    """Fold a sweep's journal and the starts that it missed into `state`, and return both."""
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
        "ref": record.ref.as_event(),
    }


async def find_survivors(executor: Executor, folder: Path, sweep: SweepRecord) -> list[Survivor]:
    """Return the runs that an engine had when the journal broke off. It is queried once, for
    all."""
    runs = [
        (run, run.name)
        for run in sweep.runs.values()
        if run.state in SUBMITTED and run.name is not None
    ]
    known = [RecordedRun(name, run.ref, run.started_at, run.slot) for run, name in runs]
    found = await executor.find(folder, known) if known else {}
    return [
        Survivor(
            Attempt(run.index, run.hyperparameters, run.attempt, run.n_failed),
            name,
            found[name],
            run.state == "running",
            _decision(run),
        )
        for run, name in runs
    ]


def share_out(survivors: list[Survivor], n_slots: int) -> list[list[Survivor]]:
    """Return the survivors of each slot: in their own slot if it still exists, else in the
    emptiest."""
    shares: list[list[Survivor]] = [[] for _ in range(n_slots)]
    for survivor in survivors:
        slot = survivor.found.slot
        has_own = slot is not None and 0 <= slot < n_slots
        share = shares[slot] if has_own and slot is not None else min(shares, key=len)
        share.append(survivor)
    return shares


def _decision(run: RunRecord) -> StopDecision | Literal["by hand"] | None:
    """Return why the run was being stopped when the journal broke off, if it was."""
    if run.stopped_by_hand is not None:
        return "by hand"
    if run.stopped_by is None:
        return None
    known: dict[str, Any] = {f.name: run.stopped_by.get(f.name) for f in fields(StopDecision)}
    kind = PauseDecision if run.stopped_by.get("event") == "pausing" else StopDecision
    return kind(**known)


def replay_ended_runs(
    folder: Path, sweep: SweepRecord, rules: StoppingRules, limits: SweepLimits
) -> StopDecision | None:
    """Pass the ended runs to the rules and limits, as if they had watched them.

    Returns:
        The decision to end the sweep, if the runs call for it.
    """
    ended = [
        run
        for run in sweep.runs.values()
        if run.name and run.state in ENDS - RESUMED and not run.is_confirming
    ]
    if not ended:
        return None
    # numpy comes with these: a new sweep's first run does not wait for it
    from ..stopping.replay import decisions
    from ..store.histories.run_history import load_history

    histories = [load_history(folder / f"{run.name}{paths.DAT_SUFFIX}", run) for run in ended]
    for _ in decisions([history for history in histories if history is not None], rules):
        pass  # the run that it is about has ended
    decision = None
    for run in sorted(ended, key=lambda run: run.ended_at or 0.0):
        value = run.best_value if sweep.can_win(run) else None
        best = limits.see_best(run.index, value, run.best_step)
        decision = limits.see_end(run.index) or best or decision
    return decision


def attempts_left(sweep: SweepRecord, max_runs: int) -> list[Attempt]:
    """Return what was sampled but never started, and what was interrupted, in the order of the
    index."""
    left = []
    n_searched = 0
    for index in sorted(sweep.runs):
        run = sweep.runs[index]
        n_searched += not run.is_confirming
        if n_searched > max_runs and not run.is_confirming:
            continue
        if run.state == "pending":
            left.append(Attempt(index, run.hyperparameters, run.attempt, run.n_failed))
        elif run.state in RESUMED and run.stopped_by_hand is None:
            left.append(Attempt(index, run.hyperparameters, run.attempt + 1, run.n_failed))
    return left
