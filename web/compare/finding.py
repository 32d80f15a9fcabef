"""Runs of any kind that a reader may want to add: found by a search, or suggested."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import is_better
from ml_tracking_ops.orchestrator.store.run_details import config_of
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import RunState
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..tables.selection import has_words
from .query import CompareQuery

_MOST_FOUND = 20
_SUGGESTED = 5


@dataclass(frozen=True)
class AddableRun:
    """A run that can be added, and the address that adds it."""

    name: str
    where: str
    state: RunState
    href: str


@dataclass(frozen=True)
class FoundRuns:
    """The runs that are listed, of `n_found`. `is_search`: found by words, not suggested."""

    runs: Sequence[AddableRun]
    n_found: int
    is_search: bool


def find_to_add(catalog: Catalog, query: CompareQuery) -> FoundRuns:
    """Return the results of the search, or suggestions if nothing is compared yet."""
    if query.search:
        words = query.search.casefold().split()
        found = [make for make, text in _candidates(catalog, query) if has_words(text, words)]
        return FoundRuns([make() for make in found[:_MOST_FOUND]], len(found), is_search=True)
    if query.runs:
        return FoundRuns([], 0, is_search=False)
    suggested = list(_suggestions(catalog, query))
    return FoundRuns(suggested, len(suggested), is_search=False)


def _candidates(
    catalog: Catalog, query: CompareQuery
) -> Iterator[tuple[Callable[[], AddableRun], str]]:
    """Yield every run that is not compared yet, and the text in which words are searched."""
    taken = set(query.runs)
    for experiment in catalog.experiments.values():
        if experiment.id not in taken:
            annotation = experiment.annotation
            values = _values(config_of(experiment.dat_path))
            text = " ".join((experiment.id, annotation.name or "", *annotation.tags, *values))
            yield partial(_of_experiment, experiment, query), text.casefold()
    for sweep in catalog.sweeps.values():
        for run in sweep.record.runs.values():
            is_there = run.name is not None and not sweep.is_deleted(run)
            if is_there and f"{sweep.id}/{run.name}" not in taken:
                yield partial(_of_sweep, sweep, run, query), _text_of(sweep, run).casefold()


def _text_of(sweep: Sweep, run: RunRecord) -> str:
    annotation = sweep.annotations.run(run.index)
    values = _values(run.hyperparameters)
    own = sweep.annotations.own.name or ""
    return " ".join(
        (
            sweep.id,
            own,
            f"run {run.index}",
            run.name or "",
            annotation.name or "",
            *annotation.tags,
            *values,
        )
    )


def _values(settings: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in settings.items()]


def _suggestions(catalog: Catalog, query: CompareQuery) -> Iterator[AddableRun]:
    """Yield the best runs of the newest sweeps, and the newest experiments."""
    for sweep in islice(catalog.sweeps.values(), _SUGGESTED):
        best = _best(sweep)
        if best is not None:
            yield _of_sweep(sweep, best, query)
    for experiment in islice(catalog.experiments.values(), _SUGGESTED):
        yield _of_experiment(experiment, query)


def _best(sweep: Sweep) -> RunRecord | None:
    goal, best = sweep.optimization_goal, None
    if front := sweep.front:
        return front[0]
    for run in filter(sweep.record.can_win, sweep.results):
        if goal is None or run.best_value is None or run.name is None:
            continue
        if is_better(run.best_value, None if best is None else best.best_value, goal):
            best = run
    return best


def _of_experiment(experiment: Experiment, query: CompareQuery) -> AddableRun:
    name = experiment.annotation.name or experiment.name
    return AddableRun(name, "experiment", experiment.state(), query.with_run(experiment.id))


def _of_sweep(sweep: Sweep, run: RunRecord, query: CompareQuery) -> AddableRun:
    name = sweep.annotations.run(run.index).name or f"run {run.index}"
    where = sweep.annotations.own.name or sweep.name
    return AddableRun(name, where, run.state, query.with_run(f"{sweep.id}/{run.name}"))
