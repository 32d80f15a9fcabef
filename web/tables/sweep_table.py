"""The table of a sweep's runs as its page shows it: rows of a page, columns, controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_tracking_ops.orchestrator.store.objective import Best
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..series.sparklines import Sparklines
from .controls import Controls, build_controls
from .query import HYPERPARAMETER, TableQuery, split_statistic
from .readers import TableReaders
from .sweep_rows import SelectedRuns, select_runs, with_summaries
from .table import Table, build_table, cut_rows, page_of, page_rows
from .values import count_states

_READING_S = 0.25
_SHOWN_READING_S = 1.0
_MOST_SELECTED = 1_000
_SAMPLED_RUNS = 3

Row = dict[str, Any]


@dataclass(frozen=True)
class SweepTable:
    """`drawn`: the runs whose curves are drawn; the selected ones, or else those of the page."""

    runs: SelectedRuns
    table: Table
    controls: Controls
    drawn: Sequence[Row]
    n_selected: int


def sweep_table(
    sweep: Sweep, query: TableQuery, live: Mapping[int, Best], readers: TableReaders
) -> SweepTable:
    """What the address asks of the runs of a sweep."""
    runs = select_runs(sweep, query, live, readers.summaries, _READING_S)
    page, _ = page_of(len(runs.rows), query.page)
    on_page = page_rows(runs.rows, page)
    default, choosable = _columns(sweep, runs)
    keys = _chosen(query, default, choosable)
    selected = frozenset(query.selected or ())
    drawn = [row for row in runs.every.rows if row["id"] in selected] if selected else []
    return SweepTable(
        runs=runs,
        table=_build(sweep, query, runs, keys, readers),
        controls=build_controls(
            query,
            state_counts=count_states(runs.every.n_by_status, runs.of_any_state),
            hyperparameters=runs.hyperparameters,
            metrics=_metrics(sweep, [*on_page, *runs.every.rows[:_SAMPLED_RUNS]], query, readers),
            choosable=choosable,
            shown=keys,
            default=default,
            metric=sweep.optimization_metric,
            problems=runs.problems,
        ),
        drawn=drawn[:_MOST_SELECTED] or on_page,
        n_selected=len(drawn),
    )


def sweep_table_rows(
    sweep: Sweep, query: TableQuery, live: Mapping[int, Best], readers: TableReaders
) -> Table:
    """Only the rows that a scrolled table asks for."""
    runs = select_runs(sweep, query, live, readers.summaries, _READING_S)
    return _build(sweep, query, runs, _chosen(query, *_columns(sweep, runs)), readers)


def _build(
    sweep: Sweep,
    query: TableQuery,
    runs: SelectedRuns,
    keys: Sequence[str],
    readers: TableReaders,
) -> Table:
    cut = cut_rows(runs.rows, query)
    return build_table(
        _dressed(sweep, cut.rows, keys, readers),
        ["index", *keys],
        query,
        n_total=len(runs.every.rows),
        n_found=len(runs.rows),
        first=cut.first,
        metric=sweep.optimization_metric,
        numeric={name for name, one in runs.hyperparameters.items() if one.is_number},
    )


def _columns(sweep: Sweep, runs: SelectedRuns) -> tuple[list[str], list[str]]:
    """The columns that are shown where nobody chose, and all that can be shown or hidden."""
    names = [HYPERPARAMETER + name for name in runs.hyperparameters]
    has_metric = sweep.optimization_metric is not None
    every = {
        "status": True,
        "label": "label" in runs.every.said,
        "tags": "tags" in runs.every.said,
        **dict.fromkeys(names, True),
        "best_value": has_metric,
        "best_step": has_metric,
        "mean": has_metric and any("mean" in row for row in runs.every.rows[:1]),
        "curve": has_metric,
        "duration": True,
        "started_at": True,
    }
    choosable = [key for key, is_there in every.items() if is_there]
    return [key for key in choosable if key != "best_step"], choosable


def _chosen(query: TableQuery, default: Sequence[str], choosable: Sequence[str]) -> list[str]:
    """The columns in the order of the table, statistics as they were chosen."""
    if not query.columns:
        return list(default)
    statistics = [key for key in query.columns if split_statistic(key)]
    plain = [key for key in choosable if key in query.columns]
    return plain + statistics


def _dressed(
    sweep: Sweep, found: Sequence[Row], keys: Sequence[str], readers: TableReaders
) -> list[Row]:
    """The rows with what only their logs hold, as far as the columns need it."""
    dressed = list(found)
    if any(split_statistic(key) for key in keys):
        dressed, _ = with_summaries(sweep, dressed, readers.summaries, _SHOWN_READING_S)
    if "curve" in keys:
        dressed = [{**row, "curve": _curve(sweep, row, readers.sparklines)} for row in dressed]
    return dressed


def _curve(sweep: Sweep, row: Row, sparklines: Sparklines) -> object:
    path = sweep.dat_path(sweep.state.runs[row["index"]])
    metric = sweep.optimization_metric
    return None if path is None or metric is None else sparklines.draw(path, metric)


def _metrics(
    sweep: Sweep, sampled: Sequence[Row], query: TableQuery, readers: TableReaders
) -> list[str]:
    """The metrics of some runs, the optimisation metric and those that are asked for first."""
    asked = [statistic[1] for key in query.columns if (statistic := split_statistic(key))]
    known = [sweep.optimization_metric, *asked, *sorted(query.metrics)]
    found = dict.fromkeys(name for name in known if name is not None)
    for row in sampled:
        path = sweep.dat_path(sweep.state.runs[row["index"]])
        if path is not None:
            found.update(dict.fromkeys(readers.series.overview(path).metrics))
    return list(found)
