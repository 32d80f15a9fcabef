"""The experiments that the views explain: the selected ones, or else all that the page lists."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment

from ..runs.links import ExperimentColors
from ..series.summaries import MetricSummaries
from ..tables.column import TableColumns
from ..tables.experiment_choice import shown_experiments
from ..tables.experiments_table import (
    experiment_columns,
    experiment_rows,
    ordered_metrics,
    with_experiment_summaries,
)
from ..tables.hyperparameters import Hyperparameter
from ..tables.query import parse_table_query
from ..tables.rows import Row
from ..tables.selection import select_rows
from .columns import statistic_value
from .front.objective import OBJECTIVE
from .subject import Subject, experiments_subject

_READING_S = 0.3
_MOST_SETTINGS = 100


@dataclass(frozen=True)
class ExplainedExperiments:
    """The experiments of the views.

    Attributes:
        rows: the oldest first, each with its number as `index`, with the settings that differ, and
            with its best value of the metric.
        passing: the numbers of those that pass the filters of the table, or None without filters.
        metrics: those by which experiments can be compared.
        n_unread: how many logs were not read for lack of time.
    """

    subject: Subject
    rows: Sequence[Row]
    passing: Collection[int] | None
    metrics: Sequence[str]
    columns: TableColumns
    n_unread: int


def explained_experiments(
    catalog: Catalog, query: QueryParams, colors: ExperimentColors, summaries: MetricSummaries
) -> ExplainedExperiments:
    """Return the experiments that the address names, or else those that the page lists."""
    rows, n_unread = with_experiment_summaries(
        experiment_rows(reversed(_chosen(catalog, query)), colors), summaries, _READING_S
    )
    columns = experiment_columns(rows, summaries)
    metrics = ordered_metrics(rows, columns.goals)
    metric = query.get(OBJECTIVE) or next(iter(metrics), None)
    names = _distinguishing(columns.hyperparameters)
    asked = parse_table_query(query)
    numbered = [replace(row, index=number) for number, row in enumerate(rows, start=1)]
    passing = (
        {row.index for row in select_rows(numbered, asked, columns)} if asked.is_filtered else None
    )
    return ExplainedExperiments(
        subject=experiments_subject(
            rows,
            metric,
            columns.goals,
            lambda some: with_experiment_summaries(some, summaries, _READING_S),
        ),
        rows=[_with_value(row, metric, columns, names) for row in numbered],
        passing=passing,
        metrics=metrics,
        columns=columns,
        n_unread=n_unread,
    )


def _chosen(catalog: Catalog, query: QueryParams) -> Sequence[Experiment]:
    if named := frozenset(query.getlist("run")):
        return [one for one in catalog.experiments.values() if one.id in named]
    return shown_experiments(catalog, query)


def _distinguishing(settings: Mapping[str, Hyperparameter]) -> list[str]:
    """Return the settings that distinguish experiments: neither all the same nor unique to each."""
    return [
        name
        for name, one in settings.items()
        if one.differs and (one.is_number or one.values is not None)
    ][:_MOST_SETTINGS]


def _with_value(row: Row, metric: str | None, columns: TableColumns, names: Sequence[str]) -> Row:
    value = None if metric is None else statistic_value(row, f"best.{metric}", columns.goals)
    given = {name: row.hyperparameters[name] for name in names if name in row.hyperparameters}
    return replace(row, hyperparameters=given, best_value=value)
