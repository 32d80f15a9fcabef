"""The command that repeats a run, as the pages of sweeps and of runs show it."""

from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.commands.repeat import RepeatCommand, repeat_command
from ml_tracking_ops.orchestrator.store.states import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

PARAMETER = "repeat"


def repeat_of(sweep: Sweep, run: RunRecord, logdir: Path) -> RepeatCommand | None:
    name = run.name or f"run_{run.index}"
    return repeat_command(sweep.description, sweep.path, name, run.hyperparameters, logdir)


def repeat_context(
    sweep: Sweep, best_index: int | None, logdir: Path, query: QueryParams
) -> dict[str, Any]:
    """For the summary of a sweep: the run that the address names, else the best, else the first."""
    runs = sweep.record.runs
    asked = query.get(PARAMETER, "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) < 10
    wanted = int(asked) if is_number else best_index
    run = runs.get(wanted or 0) or runs.get(best_index or 0) or next(iter(runs.values()), None)
    if run is None:
        return {"repeat": None}
    return {
        "repeat": repeat_of(sweep, run, logdir),
        "repeat_index": run.index,
        "repeat_last": max(runs),
        "repeat_what": "the best so far" if run.index == best_index else "",
        "repeat_kept": [(key, value) for key, value in query.multi_items() if key != PARAMETER],
    }
