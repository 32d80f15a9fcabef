"""The summary of a sweep: its state, the number of runs in each state, and the best run."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..store.objective import Goal
from ..store.run_record import RunRecord
from ..store.sweep_record import SweepRecord

if TYPE_CHECKING:
    from .event_fields import BestRun
    from .printed_events import SummaryEvent


def summary_of(
    record: SweepRecord, folder: Path, metric: str | None, goal: Goal | None, exit_code: int
) -> "SummaryEvent":
    """Return the last line: how the sweep ended, or how it is now."""
    return {
        "event": "summary",
        "name": folder.name,
        "folder": str(folder.resolve()),
        "state": record.state,
        "reason": record.reason,
        "is_paused": record.is_paused,
        "counts": record.counts,
        "metric": metric,
        "goal": goal,
        "best": None if record.best is None else describe_best(record.best),
        "objectives": [one.metric for one in record.aims.objectives],
        "front": [run.name or "" for run in record.front],
        "exit_code": exit_code,
    }


def describe_best(run: RunRecord) -> "BestRun":
    """Return the best run of a sweep, with its hyperparameters."""
    return {
        "index": run.index,
        "name": run.name,
        "state": run.state,
        "best_value": run.best_value,
        "best_step": run.best_step,
        "hyperparameters": run.hyperparameters,
    }
