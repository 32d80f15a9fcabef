"""The table of a sweep's runs as its page shows it: rows of a page, columns, controls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories
from ml_tracking_ops.orchestrator.store.objective import BestSoFar
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ...series.readers import LogReaders
from ...series.sparkline import Sparkline, Sparklines
from ..column import Column, TableFacts, needs_logs
from ..columns import CURVE
from ..controls import Controls, build_controls
from ..grouping.combination_rows import runs_of
from ..media_columns import followed_media, offered_media, with_media
from ..query import TableQuery, split_statistic
from ..rows import Row
from ..selection import count_states
from ..table import TablePage, build_table, cut_rows, page_number, page_rows
from .sweep_rows import SelectedRuns, lines_with_summaries, select_runs

_READING_S = 0.25
_SHOWN_READING_S = 1.0
_MOST_SELECTED = 1_000
_SAMPLED_RUNS = 3


@dataclass(frozen=True)
class SweepTable:
    """The runs of a sweep on its page.

    Attributes:
        drawn: the runs whose curves are drawn: the selected ones, or else those of the page.
        followed: what else the page follows, and from where.
    """

    runs: SelectedRuns
    table: TablePage
    controls: Controls
    drawn: Sequence[Row]
    n_selected: int
    followed: Mapping[str, int]


def sweep_table(
    sweep: Sweep,
    query: TableQuery,
    live: Mapping[int, BestSoFar],
    readers: LogReaders,
    media: MediaHistories,
) -> SweepTable:
    """Return the table of a sweep's runs that the address requests."""
    runs = select_runs(sweep, query, live, readers.summaries, _READING_S)
    page, _ = page_number(len(runs.lines), query.page)
    on_page = runs_of(page_rows(runs.lines, page))
    default, offered = _columns(sweep, runs, query, media)
    columns = runs.columns.chosen(query, offered, default)
    selected = frozenset(query.selected or ())
    drawn = [row for row in runs.every.rows if row.id in selected] if selected else []
    return SweepTable(
        runs=runs,
        table=_build(sweep, query, runs, columns, readers, media),
        controls=build_controls(
            query,
            runs.columns,
            state_counts=count_states(runs.every.n_by_state, runs.n_by_state),
            metrics=_metrics(sweep, [*on_page, *runs.every.rows[:_SAMPLED_RUNS]], query, readers),
            offered=offered,
            shown=columns,
            default=default,
            problems=runs.problems,
            found=runs.rows,
            groupings=runs.every.groupings,
        ),
        drawn=drawn[:_MOST_SELECTED] or on_page,
        n_selected=len(drawn),
        followed=followed_media(on_page, _paths(sweep, on_page), columns),
    )


def sweep_table_rows(
    sweep: Sweep,
    query: TableQuery,
    live: Mapping[int, BestSoFar],
    readers: LogReaders,
    media: MediaHistories,
) -> TablePage:
    """Return only the rows that a scrolled table requests."""
    runs = select_runs(sweep, query, live, readers.summaries, _READING_S)
    default, offered = _columns(sweep, runs, query, media)
    columns = runs.columns.chosen(query, offered, default)
    return _build(sweep, query, runs, columns, readers, media)


def _build(
    sweep: Sweep,
    query: TableQuery,
    runs: SelectedRuns,
    columns: Sequence[Column],
    readers: LogReaders,
    media: MediaHistories,
) -> TablePage:
    cut = cut_rows(runs.lines, query)
    rows = _with_log_columns(sweep, cut.rows, columns, readers)
    return build_table(
        with_media(rows, _paths(sweep, rows), columns, media),
        [runs.columns.head, *columns],
        query,
        n_total=len(runs.every.rows),
        n_found=len(runs.lines),
        default_sort=runs.columns.default_sort,
        default_order=runs.columns.default_order,
        first=cut.first,
        are_apart=runs.are_apart,
        n_groups=runs.n_groups,
    )


def _columns(
    sweep: Sweep, runs: SelectedRuns, query: TableQuery, media: MediaHistories
) -> tuple[list[Column], list[Column]]:
    """Return the shown columns if none were chosen, and all that can be shown or hidden."""
    facts = TableFacts(
        given=runs.every.annotated,
        has_metric=sweep.optimization_metric is not None,
        has_repeats=runs.every.has_combinations,
        are_runs_apart=runs.are_apart,
    )
    offered = runs.columns.offered(facts)
    sampled = _paths(sweep, runs.every.rows[:_SAMPLED_RUNS])
    default = [column for column in offered if column.is_default]
    return default, [*offered, *offered_media(query.columns, sampled, media)]


def _paths(sweep: Sweep, rows: Iterable[Row]) -> list[Path | None]:
    """Return the log of each run, or None for one that has none yet, and of a combination."""
    runs = sweep.record.runs
    return [None if row.runs else sweep.dat_path(runs[row.index]) for row in rows]


def _with_log_columns(
    sweep: Sweep, found: Sequence[Row], columns: Sequence[Column], readers: LogReaders
) -> list[Row]:
    """Return the rows with data from their logs, as far as the columns need it."""
    rows = list(found)
    if needs_logs(columns):
        rows = lines_with_summaries(sweep, rows, readers.summaries, _SHOWN_READING_S)
    if any(column.key == CURVE.key for column in columns):
        rows = [
            row if row.runs else replace(row, curve=_curve(sweep, row, readers.sparklines))
            for row in rows
        ]
    return rows


def _curve(sweep: Sweep, row: Row, sparklines: Sparklines) -> Sparkline | None:
    path = sweep.dat_path(sweep.record.runs[row.index])
    metric = sweep.optimization_metric
    return None if path is None or metric is None else sparklines.draw(path, metric)


def _metrics(
    sweep: Sweep, sampled: Sequence[Row], query: TableQuery, readers: LogReaders
) -> list[str]:
    """Return the metrics of some runs, the optimization metric and requested ones first."""
    asked = [statistic[1] for key in query.columns if (statistic := split_statistic(key))]
    known = [sweep.optimization_metric, *query.derived, *asked, *sorted(query.metrics)]
    found = dict.fromkeys(name for name in known if name is not None)
    for row in sampled:
        path = sweep.dat_path(sweep.record.runs[row.index])
        if path is not None:
            found.update(dict.fromkeys(readers.series.overview(path).metrics))
    return list(found)
