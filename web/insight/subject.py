"""The subject of the views: the runs of a sweep, or a selection of experiments.

The views ask the subject for what differs between the two, and know neither.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import ENDS
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep
from ml_tracking_ops.orchestrator.verdict.noise import spread_between_seeds

from ..runs.entries import is_over
from ..series.goals import Goals
from ..series.readers import LogReaders
from ..tables.rows import Row
from ..tables.sweeps.sweep_rows import sweep_goals, with_run_summaries

_READING_S = 0.25
_MOST_SELECTIONS = 32

AddMetrics = Callable[[Sequence[Row]], tuple[list[Row], int]]
"""Returns rows with the summaries of their metrics, and how many logs are not read yet."""


def at_once(key: object, compute: Callable[[], Any]) -> Any:
    """Compute a value of rows that nobody keeps."""
    return compute()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is explained.

    Attributes:
        id: of the sweep, or empty for experiments.
        key: identifies the subject in caches.
        noun: what a row is called. `setting`: what a choice of it is called.
        config: the configuration with the search space, if there is one.
        metric, goal: the metric by which runs are compared.
        goals: of other metrics, given the rows.
        has_ended: whether no run is expected any more. `is_over`: whether nothing more is logged.
        spread: the standard deviation between seeds, if known.
        sweep: None for experiments.
        remember: returns what was computed under a key before, as long as no run has changed. A key
            that is the identity of a list must be of a list that `AllRuns` keeps.
    """

    id: str
    key: object
    noun: str
    setting: str
    config: Mapping[str, Any]
    metric: str | None
    goal: Goal | None
    started_at: float
    has_ended: bool
    is_over: bool
    goals: Callable[[Sequence[Row]], Goals]
    add_metrics: AddMetrics
    spread: float | None = None
    sweep: Sweep | None = None
    remember: Callable[[object, Callable[[], Any]], Any] = at_once


def sweep_subject(sweep: Sweep, readers: LogReaders) -> Subject:
    """Return the current state of a sweep as a subject."""
    summaries = readers.summaries
    return Subject(
        id=sweep.id,
        key=sweep,
        noun="run",
        setting="hyperparameter",
        config=sweep.config,
        metric=sweep.optimization_metric,
        goal=sweep.optimization_goal,
        started_at=sweep.record.started_at or sweep.started_at,
        has_ended=sweep.record.state in ENDS,
        is_over=is_over(sweep),
        goals=lambda rows: sweep_goals(sweep, rows, summaries.chosen_goals()),
        add_metrics=lambda rows: with_run_summaries(sweep, list(rows), summaries, _READING_S),
        spread=sweep.kept(_spread),
        sweep=sweep,
    )


def _spread(sweep: Sweep) -> float | None:
    return spread_between_seeds(sweep.record)


class ExperimentSelection:
    """A key for some experiments and a metric, kept while they are requested."""


_selections: OrderedDict[object, ExperimentSelection] = OrderedDict()


def selection_key(rows: Sequence[Row], metric: str | None) -> ExperimentSelection:
    """Return the same object for the same experiments and metric, while few others are
    requested."""
    wanted = (metric, frozenset(row.dat_path for row in rows))
    found = _selections.setdefault(wanted, ExperimentSelection())
    _selections.move_to_end(wanted)
    while len(_selections) > _MOST_SELECTIONS:
        _selections.popitem(last=False)
    return found


def experiments_subject(
    rows: Sequence[Row], metric: str | None, goals: Goals, add_metrics: AddMetrics
) -> Subject:
    """Return these experiments as a subject, compared by a metric."""
    has_ended = all(row.state in ENDS for row in rows)
    return Subject(
        id="",
        key=selection_key(rows, metric),
        noun="experiment",
        setting="setting",
        config={},
        metric=metric,
        goal=None if metric is None else goals.of(metric),
        started_at=min((row.started_at for row in rows if row.started_at), default=0.0),
        has_ended=has_ended,
        is_over=has_ended,
        goals=lambda _: goals,
        add_metrics=add_metrics,
    )
