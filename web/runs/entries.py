"""The entries for runs, sweeps and the list of both on pages and in live events.

Entries are ready for templates and, through `encode_json`, for scripts. Times are seconds since the
epoch. `label` is the given name, or None.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ml_tracking_ops.orchestrator.reports.short_states import state_beside_best
from ml_tracking_ops.orchestrator.store.annotations import EMPTY_ANNOTATION, Annotation, read_file
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.combinations import best_repeated, confirming_runs_of
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import BestSoFar, is_better
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RunState, SweepState
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One run of a sweep. `id` and `name` are None before it has started.

    `short_state`: its state with the reason in a few words (`asha @ 40`).
    """

    id: str | None
    name: str | None
    index: int
    state: RunState
    reason: str | None = None
    short_state: str = ""
    hyperparameters: Mapping[str, Any]
    best_value: float | None = None
    best_step: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    label: str | None = None
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentEntry:
    """An experiment in the list."""

    kind: Literal["experiment"] = "experiment"
    id: str
    name: str
    state: RunState
    started_at: float
    is_archived: bool
    label: str | None
    tags: tuple[str, ...]
    note: str

    @property
    def shown(self) -> list[object]:
        """The parts shown in the list that may change."""
        shown = [self.label, self.tags, self.note]
        return [self.kind, self.id, self.state, self.is_archived, *shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEntry:
    """A sweep in the list. `runs_digest` is a digest of a user's annotations of its runs."""

    kind: Literal["sweep"] = "sweep"
    id: str
    name: str
    state: SweepState
    started_at: float
    is_paused: bool
    is_archived: bool
    label: str | None
    tags: tuple[str, ...]
    note: str
    runs_digest: int

    @property
    def shown(self) -> list[object]:
        """The parts shown in the list that may change."""
        shown = [self.label, self.tags, self.note, self.runs_digest]
        return [self.kind, self.id, self.state, self.is_paused, self.is_archived, *shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalsEntry:
    """The goals that users chose for the metrics of the log folder, for any table."""

    kind: Literal["goals"] = "goals"
    id: str = ""
    chosen: int
    state: None = None

    @property
    def shown(self) -> list[object]:
        """A digest of the goals."""
        return [self.kind, self.chosen]


ListEntry = ExperimentEntry | SweepEntry | GoalsEntry


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """The state of a sweep as a whole. `best` is the name of its best run.

    `best_combination`: the number of the combination with the best mean, with repeats. `front`:
    the names of the runs on the front of several objectives.
    """

    sweep: str
    state: SweepState
    reason: str | None
    is_paused: bool
    n_workers: int | None
    counts: Mapping[RunState, int]
    best: str | None
    best_value: float | None
    best_combination: int | None = None
    best_mean: float | None = None
    best_spread: float | None = None
    front: tuple[str, ...] = ()


def run_entry(
    sweep_id: str,
    run: RunRecord,
    live: BestSoFar | None = None,
    annotation: Annotation = EMPTY_ANNOTATION,
) -> RunEntry:
    """Return one run of a sweep. `live` is its best value so far, if the journal has none yet."""
    value, step = best_so_far(run, live)
    return RunEntry(
        id=run_id(sweep_id, run),
        name=run.name,
        index=run.index,
        state=run.state,
        reason=run.reason,
        short_state=state_beside_best(run),
        hyperparameters=run.hyperparameters,
        best_value=value,
        best_step=step,
        started_at=run.started_at,
        ended_at=run.ended_at,
        label=annotation.name,
        tags=tuple(annotation.tags),
        note=annotation.note,
    )


def run_id(sweep_id: str, run: RunRecord) -> str | None:
    return None if run.name is None else f"{sweep_id}/{run.name}"


def best_so_far(run: RunRecord, live: BestSoFar | None) -> tuple[float | None, int | None]:
    """Return the best value of a run, and its step. For a running run from its log."""
    if live is not None and not run.has_ended:
        return live.value, live.step
    return run.best_value, run.best_step


def has_value(run: RunEntry) -> bool:
    """Return whether a run has a finite value of the optimization metric."""
    return run.best_value is not None and math.isfinite(run.best_value)


def finite_values(runs: Iterable[RunEntry]) -> list[float]:
    """Return the values of the optimization metric of those runs that have one."""
    values = (run.best_value for run in runs)
    return [value for value in values if value is not None and math.isfinite(value)]


def sweep_summary(sweep: Sweep, live: Mapping[int, BestSoFar] | None = None) -> SweepSummary:
    record = sweep.record
    best = _best_of(sweep, live or {})
    run, value = best if best is not None else (None, None)
    combination = best_repeated(sweep)
    return SweepSummary(
        sweep=sweep.id,
        state=record.state,
        reason=record.reason,
        is_paused=record.has_paused,
        n_workers=record.n_workers,
        counts=sweep.counts,
        best=None if run is None else run.name,
        best_value=value,
        best_combination=None if combination is None else combination.number,
        best_mean=None if combination is None else combination.mean,
        best_spread=None if combination is None else combination.spread,
        front=tuple(run.name or "" for run in sweep.front),
    )


def _best_of(sweep: Sweep, live: Mapping[int, BestSoFar]) -> tuple[RunRecord, float] | None:
    """Return the best run of the results. `live` has values that the journal lacks."""
    if not live:
        known = sweep.best
        return None if known is None or known.best_value is None else (known, known.best_value)
    goal, best = sweep.optimization_goal, None
    for run in filter(sweep.record.can_win, sweep.results):
        so_far = live.get(run.index)
        value = run.best_value if so_far is None or run.has_ended else so_far.value
        if goal is None or value is None or run.is_confirming:
            continue
        if is_better(value, None if best is None else best[1], goal):
            best = run, value
    return best


def n_planned(sweep: Sweep, n_runs: int) -> int:
    """Return how many runs a search will have, as far as known: at least the existing ones."""
    most = sweep.record.max_runs or sweep.config.get("max_runs")
    return max(most, n_runs) if isinstance(most, int) else n_runs


def is_over(sweep: Sweep) -> bool:
    """Return whether nothing more will be logged."""
    return sweep.record.state in ENDS and not sweep.has_submitted


def n_planned_with_confirmation(sweep: Sweep, n_runs: int) -> int:
    """Return `n_planned` plus the largest number of runs that confirm the leaders of the search."""
    more = 0 if is_over(sweep) else confirming_runs_of(sweep.config)
    return max(n_planned(sweep, 0) + more, n_runs)


def sweep_cursor(sweep: Sweep) -> int:
    """Return where the live changes of a sweep continue, for a page that shows its current
    state."""
    return len(sweep.changes)


def experiment_entry(experiment: Experiment, state: RunState) -> ExperimentEntry:
    annotation = experiment.annotation
    return ExperimentEntry(
        id=experiment.id,
        name=experiment.name,
        state=state,
        started_at=experiment.started_at,
        is_archived=annotation.is_archived,
        label=annotation.name,
        tags=tuple(annotation.tags),
        note=annotation.note,
    )


def sweep_entry(sweep: Sweep) -> SweepEntry:
    annotation = sweep.annotations.own
    return SweepEntry(
        id=sweep.id,
        name=sweep.name,
        state=sweep.record.state,
        started_at=sweep.started_at,
        is_paused=sweep.record.has_paused,
        is_archived=annotation.is_archived,
        label=annotation.name,
        tags=tuple(annotation.tags),
        note=annotation.note,
        runs_digest=_digest(
            [key, one.name, one.tags, one.note] for key, one in sweep.annotations.runs.items()
        ),
    )


def list_entries(catalog: Catalog) -> list[ListEntry]:
    """Return every experiment and every sweep, newest first within each kind, then the goals
    chosen."""
    experiments = [
        experiment_entry(experiment, experiment.state())
        for experiment in catalog.experiments.values()
    ]
    sweeps = (sweep_entry(sweep) for sweep in catalog.sweeps.values())
    return [*experiments, *sweeps, *goals_entries(catalog)]


def goals_entries(catalog: Catalog) -> list[GoalsEntry]:
    """Return one entry, if a user chose which values of a metric are better."""
    chosen = read_file(catalog.logdir).get("metrics")
    return [GoalsEntry(chosen=_digest([[chosen]]))] if chosen else []


def catalog_cursor(entries: Iterable[ListEntry]) -> int:
    """Return a digest of the content of a list: the same list gives the same cursor everywhere."""
    return _digest(entry.shown for entry in entries)


def _digest(found: Iterable[list[object]]) -> int:
    """Return a number that is the same for two lists with the same items in any order."""
    shown = sorted(json.dumps(one) for one in found)
    digest = hashlib.blake2b(json.dumps(shown).encode(), digest_size=6).digest()
    return int.from_bytes(digest)
