"""The data of each compared run, for runs of all kinds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_details import read_details
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RunState
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..pages.origin import environment_facts, origin_facts
from ..pages.summary import SummaryFact
from ..pages.sweeps import sweep_href
from ..runs.links import N_COLORS, ExperimentColors, run_href, sweep_run_color
from ..series.experiment_states import state_of

_OF_ONE_RUN = frozenset(("Log", "Slot", "Runs as", "Time in the queue", "Exit"))
"""Facts that differ between any two runs."""


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One run, as a column of the table.

    Attributes:
        name: its unique name in the charts.
        sweep_id, sweep_name: those of the sweep that it belongs to, if it belongs to one.
        settings: its configuration, flat, with its hyperparameters.
        environment: how and where it was started.
        own_goals: by metric, what its sweep optimises.
        has_output: whether its output was kept.
    """

    id: str
    name: str
    href: str
    color: int
    state: RunState
    reason: str | None
    started_at: float | None
    ended_at: float | None
    tags: tuple[str, ...]
    note: str
    sweep_id: str | None = None
    sweep_name: str | None = None
    sweep_link: str | None = None
    settings: Mapping[str, Any]
    environment: Mapping[str, str]
    own_goals: Mapping[str, Goal] = field(default_factory=dict)
    dat_path: Path | None
    has_output: bool

    @property
    def has_ended(self) -> bool:
        return self.state in ENDS


def compared_runs(
    catalog: Catalog, run_ids: Iterable[str], colors: ExperimentColors
) -> tuple[list[ComparedRun], list[str]]:
    """Return the runs of these ids that exist, and the ids of the others."""
    found: list[ComparedRun] = []
    missing: list[str] = []
    for run_id in run_ids:
        run = _compared_run(catalog, run_id, colors)
        if run is None:
            missing.append(run_id)
        else:
            found.append(run)
    return _with_distinct_names(found), missing


def _compared_run(catalog: Catalog, run_id: str, colors: ExperimentColors) -> ComparedRun | None:
    experiment = catalog.experiments.get(run_id)
    if experiment is not None:
        colors.assign(one.id for one in reversed(catalog.experiments.values()))
        return _of_experiment(experiment, colors.color(run_id))
    sweep_id, _, name = run_id.rpartition("/")
    sweep = catalog.sweeps.get(sweep_id)
    run = sweep.run(name) if sweep is not None else None
    return None if sweep is None or run is None else _of_sweep(sweep, run, run_id)


def _of_experiment(experiment: Experiment, color: int) -> ComparedRun:
    state, ended_at = state_of(experiment)
    annotation, details = experiment.annotation, read_details(experiment.dat_path)
    return ComparedRun(
        id=experiment.id,
        name=annotation.name or experiment.name,
        href=run_href(experiment.id),
        color=color,
        state=state,
        reason=experiment.evidence().reason,
        started_at=experiment.started_at,
        ended_at=ended_at,
        tags=tuple(annotation.tags),
        note=annotation.note,
        settings=details.config,
        environment=_by_label(environment_facts(experiment, details)),
        dat_path=experiment.dat_path,
        has_output=experiment.log_path is not None,
    )


def _of_sweep(sweep: Sweep, run: RunRecord, run_id: str) -> ComparedRun:
    annotation, path = sweep.annotations.run(run.index), sweep.dat_path(run)
    log_path = sweep.log_path(run)
    metric, goal = sweep.optimization_metric, sweep.optimization_goal
    goals: dict[str, Goal] = {one.metric: one.goal for one in sweep.aims.objectives}
    if metric is not None and goal is not None:
        goals = {metric: goal}
    is_latest = sweep.record.runs[run.index].name == run.name
    attempt = "" if is_latest else f", attempt {run.attempt}"
    return ComparedRun(
        id=run_id,
        name=annotation.name or f"run {run.index}{attempt}",
        href=run_href(run_id),
        color=sweep_run_color(run.index),
        state=run.state,
        reason=run.reason,
        started_at=run.started_at,
        ended_at=run.ended_at,
        tags=tuple(annotation.tags),
        note=annotation.note,
        sweep_id=sweep.id,
        sweep_name=sweep.annotations.own.name or sweep.name,
        sweep_link=sweep_href(sweep.id),
        settings={**({} if path is None else read_details(path).config), **run.hyperparameters},
        environment=_by_label(origin_facts(sweep, run)),
        own_goals=goals,
        dat_path=path,
        has_output=log_path is not None and log_path.is_file(),
    )


def _by_label(facts: Iterable[SummaryFact]) -> dict[str, str]:
    """Return the facts that runs may share, by label: the whole text if one is cut."""
    return {fact.label: fact.title or fact.value for fact in facts if fact.label not in _OF_ONE_RUN}


def _with_distinct_names(runs: Sequence[ComparedRun]) -> list[ComparedRun]:
    """Return the runs with distinct names and, as far as there are enough, distinct colours."""
    has_several = len({run.sweep_id for run in runs}) > 1
    named = [
        replace(run, name=f"{run.sweep_name} · {run.name}")
        if has_several and run.sweep_id is not None
        else run
        for run in runs
    ]
    colors = _distinct_colors([run.color for run in named])
    return [replace(run, color=color) for run, color in zip(named, colors, strict=True)]


def _distinct_colors(wanted: Sequence[int]) -> list[int]:
    """Return each its own colour, or the next free one: each colour once in `N_COLORS` runs."""
    found: list[int] = []
    for at, color in enumerate(wanted):
        taken = set(found[at - at % N_COLORS :])
        every = (*range(color, N_COLORS), *range(color))
        found.append(next(one for one in every if one not in taken))
    return found
