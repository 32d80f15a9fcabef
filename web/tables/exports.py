"""Tables to download: what a page's table shows, in its order and columns, all pages of it.

The catalog is held only while rows are taken from it. Logs, of which a filter or a column may need
thousands, are read afterwards, while the file is sent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from starlette.exceptions import HTTPException

from ml_tracking_ops.orchestrator.reports.entries import sweep_report
from ml_tracking_ops.orchestrator.reports.exports.run_tables import sweep_csv, table_csv, table_json
from ml_tracking_ops.orchestrator.reports.shapes import SweepReport
from ml_tracking_ops.orchestrator.store.endings import log_trouble
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import BestSoFar
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.links import ExperimentColors
from ..series.summaries import LogToRead, MetricSummaries
from ..serving.sse import encode_json
from .column import Column, TableColumns, needs_logs
from .columns import LOG_ERROR
from .experiments_table import experiment_columns, experiment_rows, first_statistics
from .experiments_table import logs_of_experiments as experiment_logs
from .filtering.conditions import asked_metrics
from .grouping.grouped_exports import grouped_columns, grouped_headings, grouped_lines
from .grouping.grouped_rows import grouped_rows
from .query import TableQuery, split_statistic
from .rows import Row
from .selection import problems_of, select_rows, sort_rows
from .sweeps.sweep_rows import known_runs, logs_of_runs
from .table import PAGE_SIZE

_BLOCK = 200

Chunks = Iterator[str]
"""The output of `export` of a sweep, as JSON."""


@dataclass(frozen=True)
class TableSource:
    """The rows of a table from the catalog, with the paths of their logs."""

    rows: Sequence[Row]
    logs: Sequence[LogToRead | None]
    columns: TableColumns
    seed_name: str | None = None

    def found(self, query: TableQuery, summaries: MetricSummaries) -> list[Row]:
        """Return the rows that a query requests, in its order."""
        metric = self.columns.metric
        asked = query.metrics | asked_metrics(query, self.columns)
        is_in_logs = asked - {metric} or query.sort == f"last.{metric}"
        rows = list(self.with_logs(self.rows, summaries)) if is_in_logs else self.rows
        if query.is_ticked:
            ticked = frozenset(query.selected or ())
            rows = [row for row in rows if row.id in ticked]
        chosen = select_rows(rows, query, self.columns)
        return sort_rows(chosen, self.columns.sorted_by(query), self.columns.order_of(query))

    def with_logs(self, rows: Iterable[Row], summaries: MetricSummaries) -> Iterator[Row]:
        """Yield rows with the summaries of their metrics, and why a log cannot be read."""
        logs = {row.id: log for row, log in zip(self.rows, self.logs, strict=True)}
        rest = iter(rows)
        while block := list(islice(rest, _BLOCK)):
            wanted = [log for row in block if (log := logs[row.id]) is not None]
            read, _ = summaries.read(wanted, float("inf"))
            for row in block:
                log = logs[row.id]
                found = {} if log is None else read.get(log.path, {})
                trouble = None if found or log is None else log_trouble(log.path)
                yield replace(row, metrics=found, log_error=trouble)


def sweep_chunks(
    sweep: Sweep,
    query: TableQuery,
    form: str,
    live: Mapping[int, BestSoFar],
    summaries: MetricSummaries,
) -> Chunks:
    """Return the runs of a sweep that a query requests. Without `columns` as `export` writes
    them."""
    every, columns = known_runs(sweep, live, summaries.chosen_goals(), is_archive=query.is_archive)
    _refuse(problems_of(query, columns))
    source = TableSource(
        every.rows, logs_of_runs(sweep, every.rows), columns, every.seed_name or None
    )
    if query.by:
        shown = columns.to_export(query) if query.columns else columns.ordered
        return _grouped_chunks(source, query, shown, form, summaries)
    if query.columns:
        return _table_chunks(source, query, columns.to_export(query), form, summaries)
    return _report_chunks(_report(sweep, every.rows), source, query, form, summaries)


def _report(sweep: Sweep, rows: Iterable[Row]) -> SweepReport:
    """Return all runs as in `export`. Running ones have their best value so far."""
    runs = sweep.record.runs
    return sweep_report(
        sweep,
        [
            replace(runs[row.index], best_value=row.best_value, best_step=row.best_step)
            for row in rows
        ],
    )


def _report_chunks(
    report: SweepReport,
    source: TableSource,
    query: TableQuery,
    form: str,
    summaries: MetricSummaries,
) -> Chunks:
    found = source.rows if query.pairs == () else source.found(query, summaries)
    runs = {run["index"]: run for run in report["runs"]}
    report["runs"] = [runs[row.index] for row in found]
    if form == "csv":
        yield from sweep_csv(report)
    else:
        yield encode_json(report).decode() + "\n"


def experiments_chunks(
    known: Iterable[Experiment], query: TableQuery, form: str, summaries: MetricSummaries
) -> Chunks:
    """Return the experiments that a query requests. `known` are those of the page, archived or not.

    Without `columns` it is what the table shows at first, if the address asks for it.
    """
    rows = experiment_rows(known, ExperimentColors())
    columns = experiment_columns(rows, summaries)
    asked = query.metrics | asked_metrics(query, columns)
    if asked or any(map(split_statistic, query.columns)):
        summaries.read(experiment_logs(rows), float("inf"))  # they set which values are best
        columns = experiment_columns(rows, summaries)
    _refuse(problems_of(query, columns))
    source = TableSource(rows, experiment_logs(rows), columns)
    if query.by:
        shown = columns.to_export(query) if query.columns else columns.ordered
        return _grouped_chunks(source, query, shown, form, summaries)
    if not query.columns and ("table", "1") in query.pairs:
        return _usual_chunks(source, query, form, summaries)
    return _table_chunks(source, query, columns.to_export(query), form, summaries)


def _usual_chunks(
    source: TableSource, query: TableQuery, form: str, summaries: MetricSummaries
) -> Chunks:
    page = source.found(query, summaries)[:PAGE_SIZE]
    names = dict.fromkeys(name for row in source.with_logs(page, summaries) for name in row.metrics)
    known = experiment_columns(source.rows, summaries)  # with the goals in the logs just read
    columns = [*known.exported, *first_statistics(known, list(names))]
    yield from _table_chunks(source, query, columns, form, summaries)


def _table_chunks(
    source: TableSource,
    query: TableQuery,
    columns: Sequence[Column],
    form: str,
    summaries: MetricSummaries,
) -> Chunks:
    """Yield the columns, and why a log cannot be read if a column needs logs."""
    is_in_logs = needs_logs(columns)
    every = [*columns, LOG_ERROR] if is_in_logs else columns

    def lines() -> Iterator[list[object]]:
        found: Iterable[Row] = source.found(query, summaries)
        for row in source.with_logs(found, summaries) if is_in_logs else found:
            yield [column.value(row) for column in every]

    heads = [column.export_heading for column in every]
    return (table_csv if form == "csv" else table_json)(heads, lines())


def _grouped_chunks(
    source: TableSource,
    query: TableQuery,
    shown: Iterable[Column],
    form: str,
    summaries: MetricSummaries,
) -> Chunks:
    """Yield a line for each group, in the order of the table."""
    column, order = source.columns.sorted_by(query), source.columns.order_of(query)
    rows = source.found(query, summaries)
    _refuse(filter(None, [grouped_rows(rows, query.by, source.seed_name, column, order).problem]))
    columns = grouped_columns(shown)

    def lines() -> Iterator[list[object]]:
        rows_with_logs = list(source.with_logs(rows, summaries)) if needs_logs(columns) else rows
        grouped = grouped_rows(rows_with_logs, query.by, source.seed_name, column, order)
        yield from grouped_lines(grouped.closed, columns)

    return (table_csv if form == "csv" else table_json)(grouped_headings(columns), lines())


def _refuse(problems: Iterable[str]) -> None:
    if text := "; ".join(problems):
        raise HTTPException(400, text)
