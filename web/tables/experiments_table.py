"""The table of experiments: state, start, duration, tags, and metrics from their logs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories
from ml_tracking_ops.orchestrator.store.run_details import config_of

from ..groups.naming import groupings, label_groupings
from ..runs.links import ExperimentColors
from ..series.experiment_states import state_of
from ..series.goals import Goals
from ..series.summaries import LogToRead, MetricSummaries, Summaries
from .column import Column, TableColumns, TableFacts, hyperparameter_column
from .columns import EXPERIMENT_COLUMNS
from .controls import Controls, build_controls
from .filtering.conditions import asked_metrics
from .grouping.combination_rows import opened, runs_of
from .grouping.grouped_rows import GroupedRows, count_groups, grouped_rows
from .hyperparameters import describe_hyperparameters
from .media_columns import offered_media, with_media
from .query import HYPERPARAMETER, TableQuery, split_statistic
from .rows import Row
from .selection import count_states, problems_of, select_rows, sort_rows, states_of
from .table import TablePage, build_table, cut_rows

_SAMPLED = 3
_READING_S = 0.25
_METRICS_AT_FIRST = 4
_SETTINGS_AT_FIRST = 6
_SHOWN_FIRST = (
    re.compile(r"(val|valid|validation|eval|dev|test)([^a-z]|$)", re.IGNORECASE),
    re.compile(r"acc|loss|err|score|f1|auc|bleu|perplexity|reward|return", re.IGNORECASE),
)


@dataclass(frozen=True)
class SelectedExperiments:
    """The experiments that a query requests, of all experiments, as `sweep_rows.SelectedRuns`.

    `closed`: the rows of the table, in which all groups are closed.
    """

    rows: list[Row]
    of_any_state: list[Row]
    all_rows: list[Row]
    problems: list[str]
    n_unread: int
    closed: Sequence[Row] = ()

    @property
    def n_groups(self) -> int | None:
        return count_groups(self.closed)


@dataclass(frozen=True)
class ExperimentsTable:
    """`n_unread`: how many logs were not read for the table for lack of time."""

    experiments: SelectedExperiments
    table: TablePage
    controls: Controls
    n_unread: int


def experiment_rows(known: Iterable[Experiment], colors: ExperimentColors) -> list[Row]:
    """Return a row for each experiment, in the given order."""
    return [_row(experiment, colors) for experiment in known]


def _row(experiment: Experiment, colors: ExperimentColors) -> Row:
    state, ended_at = state_of(experiment)
    annotation = experiment.annotation
    return Row(
        id=experiment.id,
        name=experiment.name,
        index=0,
        state=state,
        hyperparameters=dict(config_of(experiment.dat_path)),
        started_at=experiment.started_at,
        ended_at=ended_at,
        label=annotation.name,
        tags=tuple(annotation.tags),
        note=annotation.note,
        color=colors.color(experiment.id),
        dat_path=experiment.dat_path,
    )


def select_experiments(
    known: Iterable[Experiment],
    query: TableQuery,
    colors: ExperimentColors,
    summaries: MetricSummaries,
    budget_s: float = float("inf"),
) -> SelectedExperiments:
    """Return the experiments that a query requests, in its order.

    Args:
        budget_s: how long logs may be read, if the query needs metrics.
    """
    every, n_unread = experiment_rows(known, colors), 0
    columns = experiment_columns(every, summaries)
    if query.metrics or asked_metrics(query, columns):
        every, n_unread = with_experiment_summaries(every, summaries, budget_s)
        columns = experiment_columns(every, summaries)
    found = select_rows(every, query, columns)
    column, order = columns.sorted_by(query), query.order or "desc"
    rows = sort_rows(found, column, order)
    grouped = grouped_rows(rows, query.by, None, column, order) if query.by else GroupedRows(rows)
    return SelectedExperiments(
        rows=rows,
        closed=grouped.closed,
        of_any_state=select_rows(every, replace(query, states=()), columns)
        if query.states
        else found,
        all_rows=every,
        problems=[
            *problems_of(query, columns, None if n_unread else every),
            *filter(None, [grouped.problem]),
        ],
        n_unread=n_unread,
    )


def experiment_columns(found: Sequence[Row], summaries: MetricSummaries) -> TableColumns:
    """Return the columns of the table, with the goals of metrics as far as logs have been read.

    The keys of the configurations have columns as the hyperparameters of a sweep have.
    """
    goals = Goals({}, summaries.chosen_goals(), summaries.logged_goals(logs_of_experiments(found)))
    settings = describe_hyperparameters(found)
    exported = (hyperparameter_column(name, one) for name, one in settings.items())
    return replace(
        EXPERIMENT_COLUMNS,
        goals=goals,
        hyperparameters=settings,
        logged=frozenset(settings),
        exported=(*EXPERIMENT_COLUMNS.exported, *exported),
    )


def with_experiment_summaries(
    found: Sequence[Row], summaries: MetricSummaries, budget_s: float
) -> tuple[list[Row], int]:
    """Return the rows, each with the summaries of its metrics, and how many are not read yet."""
    read, n_missing = summaries.read(logs_of_experiments(found), budget_s)
    return [replace(row, metrics=_metrics(row, read)) for row in found], n_missing


def logs_of_experiments(found: Iterable[Row]) -> list[LogToRead]:
    return [LogToRead(row.dat_path, is_final=False) for row in found if row.dat_path is not None]


def _metrics(row: Row, read: Mapping[Path, Summaries]) -> Summaries:
    return {} if row.dat_path is None else read.get(row.dat_path, {})


def experiments_table(
    found: SelectedExperiments,
    query: TableQuery,
    drawn: Iterable[str],
    summaries: MetricSummaries,
    media: MediaHistories,
) -> ExperimentsTable:
    """Return a page of the table, with its controls.

    Args:
        drawn: the ids of the experiments in the charts: their rows are selected.
    """
    shown = _shown(found, query, summaries)
    known = experiment_columns(found.all_rows, summaries)
    default, offered = _columns(found, known, shown.metrics)
    offered += offered_media(query.columns, _paths(shown.rows[:_SAMPLED]), media)
    columns = known.chosen(query, offered, default)
    asked = [split[1] for column in columns if (split := split_statistic(column.key))]
    return ExperimentsTable(
        experiments=found,
        table=_table(found, shown, columns, query, drawn, media),
        controls=build_controls(
            query,
            known,
            state_counts=count_states(
                {row.state for row in found.all_rows}, states_of(found.of_any_state)
            ),
            metrics=list(dict.fromkeys([*query.derived, *asked, *shown.metrics])),
            offered=offered,
            shown=columns,
            default=default,
            problems=found.problems,
            found=found.rows,
            groupings=_groupings(found, known),
        ),
        n_unread=max(shown.n_unread, found.n_unread),
    )


def experiments_table_rows(
    found: SelectedExperiments,
    query: TableQuery,
    drawn: Iterable[str],
    summaries: MetricSummaries,
    media: MediaHistories,
) -> TablePage:
    """Return only the rows that a scrolled table requests."""
    first = _shown(found, replace(query, window=None, page=1), summaries)
    known = experiment_columns(found.all_rows, summaries)
    default, offered = _columns(found, known, first.metrics)
    offered += offered_media(query.columns, (), media)
    columns = known.chosen(query, offered, default)
    return _table(found, _shown(found, query, summaries), columns, query, drawn, media)


@dataclass(frozen=True)
class _Shown:
    """The rows that are sent, the first of them number `first`, with their metrics."""

    rows: list[Row]
    first: int
    n_unread: int

    @property
    def metrics(self) -> list[str]:
        return list(dict.fromkeys(name for row in runs_of(self.rows) for name in row.metrics))


def _groupings(found: SelectedExperiments, columns: TableColumns) -> list[dict[str, str]]:
    """Return the ways to group rows: settings that differ, tags, names."""
    settings = [name for name, one in columns.hyperparameters.items() if one.differs]
    has_tags = any(row.tags for row in found.all_rows)
    named = label_groupings(has_tags=has_tags, has_names=len(found.all_rows) > 1)
    return groupings((), None, settings) + named


def _shown(found: SelectedExperiments, query: TableQuery, summaries: MetricSummaries) -> _Shown:
    cut = cut_rows(opened(found.closed, query.opened), query)
    read, n_unread = with_experiment_summaries(runs_of(cut.rows), summaries, _READING_S)
    known = {row.id: row.metrics for row in read}
    return _Shown([_with_metrics(row, known) for row in cut.rows], cut.first, n_unread)


def _with_metrics(row: Row, known: Mapping[str | None, Summaries]) -> Row:
    """Return a row with its metrics. A group gets those of its runs."""
    if row.runs:
        return replace(row, runs=tuple(_with_metrics(run, known) for run in row.runs))
    return replace(row, metrics=known.get(row.id, {}))


def _table(
    found: SelectedExperiments,
    shown: _Shown,
    columns: Sequence[Column],
    query: TableQuery,
    drawn: Iterable[str],
    media: MediaHistories,
) -> TablePage:
    return build_table(
        with_media(shown.rows, _paths(shown.rows), columns, media),
        [EXPERIMENT_COLUMNS.head, *columns],
        query,
        n_total=len(found.all_rows),
        n_found=len(opened(found.closed, query.opened)),
        first=shown.first,
        default_sort=EXPERIMENT_COLUMNS.default_sort,
        selected=frozenset(drawn),
        n_groups=found.n_groups,
    )


def _paths(rows: Iterable[Row]) -> list[Path | None]:
    return [row.dat_path for row in rows]


def _columns(
    found: SelectedExperiments, columns: TableColumns, metrics: Sequence[str]
) -> tuple[list[Column], list[Column]]:
    """Return the shown columns if none were chosen, and all that are no statistics."""
    given = frozenset(
        key for key in ("tags", "note") if any(getattr(row, key) for row in found.all_rows)
    )
    offered = columns.offered(TableFacts(given))
    first = first_statistics(columns, metrics)
    settings = {f"{HYPERPARAMETER}{name}" for name in columns.hyperparameters}
    differing = differing_settings(columns)
    default = [
        column
        for column in offered
        if (column.key in differing if column.key in settings else column.is_default)
    ]
    return default + first, offered


def differing_settings(columns: TableColumns) -> frozenset[str]:
    """Return the keys of the columns of settings that distinguish the experiments."""
    differing = [
        f"{HYPERPARAMETER}{name}" for name, one in columns.hyperparameters.items() if one.differs
    ]
    return frozenset(differing[:_SETTINGS_AT_FIRST])


def first_statistics(columns: TableColumns, metrics: Sequence[str]) -> list[Column]:
    """Return those that show how good an experiment is, before learning rates and the like."""
    ordered = sorted(metrics, key=_place)
    few = [name for name in ordered if _place(name) < 3][:_METRICS_AT_FIRST] or ordered[:2]
    both = ("best", "last") if len(few) <= 2 else ("best",)
    return [
        columns.statistic(kind, metric)
        for metric in few
        for kind in (both if columns.goals.of(metric) is not None else ("last",))
    ]


def ordered_metrics(found: Iterable[Row], goals: Goals) -> list[str]:
    """Return the known metrics: first those that show how good an experiment is, and which values
    are good."""
    names = dict.fromkeys(name for row in found for name in row.metrics)
    return sorted(names, key=lambda name: (goals.of(name) is None, _place(name)))


def _place(metric: str) -> int:
    is_match = [bool(pattern.search(metric)) for pattern in _SHOWN_FIRST]
    return 0 if all(is_match) else 1 if is_match[1] else 2 if is_match[0] else 3
