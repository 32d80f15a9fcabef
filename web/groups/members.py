"""The members of groups: a sweep's runs, or experiments."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.combinations import seed_name_of
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.run_details import config_of, is_chosen
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.catalog_access import find_sweep
from .naming import (
    ALL_BUT,
    COMBINATION,
    HYPERPARAMETER,
    RunGroup,
    RunLabels,
    group_runs,
)
from .query import GroupQuery

PassingRuns = Callable[[Sweep, QueryParams], Collection[int]]
"""The numbers of the runs that pass the filters of the table."""
PassingExperiments = Callable[[Catalog, QueryParams], Sequence[Experiment]]
"""The selected experiments, or those that pass the filters of the table."""


@dataclass(frozen=True, slots=True)
class GroupedRun:
    """A run of the sweep that has a log, or an experiment."""

    path: Path
    started_at: float | None


Members = tuple[list[GroupedRun], list[RunGroup] | None]
"""The runs, and the groups of their places, or None if no run has the grouping setting."""


def sweep_groups(catalog: Catalog, query: GroupQuery, passing: PassingRuns) -> Members | None:
    sweep = find_sweep(catalog, query.sweep or "")
    if sweep is None:
        return None
    kept = passing(sweep, QueryParams(list(query.filters))) if query.filters else None
    found = sweep.results if kept is None else sweep.record.runs.values()
    every = [one for one in found if kept is None or one.index in kept]
    paths = [(run, path) for run in every if (path := sweep.dat_path(run)) is not None]
    runs = [GroupedRun(path, run.started_at) for run, path in paths]
    given = [_settings(run, path, query.group) for run, path in paths]
    labels = [_labels(sweep, run) for run, _ in paths]
    members = group_runs(given, query.group, seed_name_of(sweep.config), labels)
    return runs, [] if members is None and kept is not None else members


def experiment_groups(catalog: Catalog, query: GroupQuery, passing: PassingExperiments) -> Members:
    """Return groups of experiments by a key of their configurations, a tag, or a part of the
    name."""
    found = passing(catalog, QueryParams(list(query.filters)))
    runs = [GroupedRun(one.dat_path, one.started_at) for one in found]
    members = None
    if query.group != COMBINATION:
        configs = [config_of(one.dat_path) for one in found]
        members = group_runs(configs, query.group, None, [experiment_labels(one) for one in found])
    return runs, [] if members is None and query.filters else members


def experiment_labels(experiment: Experiment) -> RunLabels:
    annotation = experiment.annotation
    return RunLabels(
        tuple(filter(None, (annotation.name, experiment.name, experiment.id))),
        tuple(annotation.tags),
    )


def _labels(sweep: Sweep, run: RunRecord) -> RunLabels:
    annotation = sweep.annotations.run(run.index)
    names = filter(None, (annotation.name, run.name, f"run {run.index}"))
    return RunLabels(tuple(names), tuple(annotation.tags))


def _settings(run: RunRecord, path: Path, group: str) -> Mapping[str, Any]:
    """Return its hyperparameters, and the setting to group by if only its script logged that."""
    name, chosen = group.removeprefix(HYPERPARAMETER), run.hyperparameters
    if group == COMBINATION or group.startswith(ALL_BUT) or is_chosen(name, chosen):
        return chosen
    config = config_of(path)
    return {**chosen, name: config[name]} if name in config else chosen
