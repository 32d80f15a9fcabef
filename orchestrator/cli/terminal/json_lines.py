"""What `--json` prints of a sweep: one line for each event (see `reports.events`)."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...store.journal import Event, encode
from ...store.objective import Goal
from ...store.run_record import RunRecord
from ...store.sweep_record import SweepRecord

if TYPE_CHECKING:
    from ...reports.event_fields import BestRun
    from ...reports.events import SummaryEvent


class JsonProgress:
    """Shows a sweep's events as lines of JSON on stdout."""

    def on_event(self, event: Event) -> None:
        print_line(event)

    def close(self) -> None:
        return


def print_line(event: Mapping[str, Any]) -> None:
    """Print one event on stdout, always in UTF-8."""
    sys.stdout.flush()
    sys.stdout.buffer.write(encode(dict(event)))
    sys.stdout.buffer.flush()


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
        "counts": record.counts,
        "metric": metric,
        "goal": goal,
        "best": None if record.best is None else _best_run(record.best),
        "objectives": [one.metric for one in record.aims.objectives],
        "front": [run.name or "" for run in record.front],
        "exit_code": exit_code,
    }


def _best_run(run: RunRecord) -> "BestRun":
    return {
        "index": run.index,
        "name": run.name,
        "state": run.state,
        "best_value": run.best_value,
        "best_step": run.best_step,
        "hyperparameters": run.hyperparameters,
    }
