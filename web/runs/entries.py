"""What pages and live events say of runs, sweeps and the list of both, in one wording.

Plain dictionaries, ready for JSON and for templates. Times are seconds since the epoch.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ml_tracking_ops.orchestrator.store.annotations import NOTHING_SAID, Annotation
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import Best, Goal, is_better
from ml_tracking_ops.orchestrator.store.states import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

Row = dict[str, Any]
_LISTED = (
    "kind",
    "id",
    "status",
    "is_paused",
    "is_archived",
    "label",
    "tags",
    "note",
    "said_of_runs",
)


def run_row(
    sweep_id: str,
    run: RunRecord,
    live: Best | None = None,
    annotation: Annotation = NOTHING_SAID,
) -> Row:
    """One run of a sweep; `live` is its best value so far, while the journal has none yet."""
    value, step = run.best_value, run.best_step
    if live is not None and not run.has_ended:
        value, step = live.value, live.step
    return {
        "id": None if run.name is None else f"{sweep_id}/{run.name}",
        "name": run.name,
        "index": run.index,
        "status": run.state,
        "reason": run.reason,
        "hyperparameters": run.hyperparameters,
        "best_value": value,
        "best_step": step,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        **said(annotation),
    }


def has_value(row: Row) -> bool:
    """Whether a run has a finite value of the optimisation metric."""
    value = row["best_value"]
    return value is not None and math.isfinite(value)


def said(annotation: Annotation) -> Row:
    """What a user wrote of something: `label` is the name they gave it, or None."""
    return {"label": annotation.name, "tags": list(annotation.tags), "note": annotation.note}


def sweep_summary(sweep: Sweep, live: Mapping[int, Best] | None = None) -> Row:
    """The state of a sweep as a whole; `best` is the name of its best run."""
    best = _best_run(sweep.record.runs.values(), sweep.optimization_goal, live or {})
    run, value = best if best is not None else (None, None)
    return {
        "sweep": sweep.id,
        "status": sweep.record.state,
        "reason": sweep.record.reason,
        "is_paused": sweep.record.is_paused,
        "n_workers": sweep.record.n_workers,
        "counts": sweep.record.counts,
        "best": None if run is None else run.name,
        "best_value": value,
    }


def _best_run(
    runs: Iterable[RunRecord], goal: Goal | None, live: Mapping[int, Best]
) -> tuple[RunRecord, float] | None:
    best: tuple[RunRecord, float] | None = None
    for run in runs:
        so_far = live.get(run.index)
        value = run.best_value if so_far is None or run.has_ended else so_far.value
        if goal is None or value is None:
            continue
        if is_better(value, None if best is None else best[1], goal):
            best = run, value
    return best


def n_planned(sweep: Sweep, n_runs: int) -> int:
    """How many runs there will be, as far as is known: at least those that there are."""
    most = sweep.record.max_runs or sweep.config.get("max_runs")
    return max(most, n_runs) if isinstance(most, int) else n_runs


def sweep_cursor(sweep: Sweep) -> int:
    """Where the live changes of a sweep go on, for a page that shows it as it is now."""
    return len(sweep.changes)


def experiment_entry(experiment: Experiment, status: str) -> Row:
    return {
        "kind": "experiment",
        "id": experiment.id,
        "name": experiment.name,
        "status": status,
        "started_at": experiment.started_at,
        "is_archived": experiment.annotation.is_archived,
        **said(experiment.annotation),
    }


def sweep_entry(sweep: Sweep) -> Row:
    return {
        "kind": "sweep",
        "id": sweep.id,
        "name": sweep.name,
        "status": sweep.record.state,
        "started_at": sweep.started_at,
        "is_paused": sweep.record.is_paused,
        "is_archived": sweep.annotations.own.is_archived,
        **said(sweep.annotations.own),
        "said_of_runs": _digest(
            [key, one.name, one.tags, one.note] for key, one in sweep.annotations.runs.items()
        ),
    }


def list_entries(catalog: Catalog) -> list[Row]:
    """Every experiment and every sweep, newest first within each kind."""
    experiments = [
        experiment_entry(experiment, experiment.state())
        for experiment in catalog.experiments.values()
    ]
    return experiments + [sweep_entry(sweep) for sweep in catalog.sweeps.values()]


def catalog_cursor(entries: Iterable[Row]) -> int:
    """A digest of what a list shows: the same list gives the same cursor, also elsewhere."""
    return _digest([entry.get(key) for key in _LISTED] for entry in entries)


def _digest(found: Iterable[list[Any]]) -> int:
    """A number that says whether two lists hold the same, in whatever order."""
    shown = sorted(json.dumps(one) for one in found)
    digest = hashlib.blake2b(json.dumps(shown).encode(), digest_size=6).digest()
    return int.from_bytes(digest)
