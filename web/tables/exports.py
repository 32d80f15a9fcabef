"""Tables to download: what a page's table shows, in its order and columns, all pages of it.

The catalog is held only while rows are taken from it. Logs, of which a filter or a column may need
thousands, are read afterwards, while the file is sent.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from ml_tracking_ops.orchestrator.reports.entries import sweep_report
from ml_tracking_ops.orchestrator.reports.exports import sweep_csv, table_csv, table_json
from ml_tracking_ops.orchestrator.store.endings import log_trouble
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import Best
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.colors import ExperimentColors
from ..series.summaries import LogToRead, MetricSummaries
from ..serving.sse import encode_json
from .experiments_table import DEFAULT_SORT, PLAIN_COLUMNS, experiment_rows, first_statistics
from .query import HYPERPARAMETER, TableQuery, split_statistic
from .sweep_rows import known_runs, logs_of
from .table import PAGE_SIZE
from .values import problems_of, select, sort_rows, value_of

_BLOCK = 200
_NOT_CHOSEN = frozenset(("index", "name", "curve"))
_EXPERIMENT_COLUMNS = ("name", "state", "started_at", "path", "label", "tags", "note")
_EXPERIMENT_KEYS = {"state": "status"}

Chunks = Iterator[str]
Row = dict[str, Any]


@dataclass(frozen=True)
class TableSource:
    """The rows of a table as the catalog knows them, with where their logs are.

    `sort` is the column they are in the order of where nobody chose; `sortable` are all others.
    """

    rows: Sequence[Row]
    logs: Sequence[LogToRead | None]
    metric: str | None
    sort: str
    sortable: Collection[str]

    def found(self, query: TableQuery, summaries: MetricSummaries) -> list[Row]:
        """The rows that a query asks for, in its order."""
        needs_logs = query.metrics - {self.metric} or query.sort == f"last.{self.metric}"
        rows = list(self.dressed(self.rows, summaries)) if needs_logs else self.rows
        is_known = query.sort in self.sortable or query.sort_statistic is not None
        sort = query.sort if is_known else self.sort
        chosen = select(rows, query, self.metric)
        return sort_rows(chosen, sort, query.order or "desc", self.metric)

    def dressed(self, rows: Iterable[Row], summaries: MetricSummaries) -> Iterator[Row]:
        """Rows, each with the summaries of its metrics, and why its log cannot be read."""
        logs = {row["id"]: log for row, log in zip(self.rows, self.logs, strict=True)}
        rest = iter(rows)
        while block := list(islice(rest, _BLOCK)):
            wanted = [log for row in block if (log := logs[row["id"]]) is not None]
            read, _ = summaries.read(wanted, float("inf"))
            for row in block:
                log = logs[row["id"]]
                found = {} if log is None else read.get(log.path, {})
                trouble = None if found or log is None else log_trouble(log.path)
                yield {**row, "metrics": found, "log_error": trouble}


def sweep_chunks(
    sweep: Sweep,
    query: TableQuery,
    form: str,
    live: Mapping[int, Best],
    summaries: MetricSummaries,
) -> Chunks:
    """The runs of a sweep that a query asks for; without `columns` as `export` writes them."""
    every, hyperparameters, sortable = known_runs(sweep, live)
    _refuse(problems_of(query, hyperparameters, sortable))
    metric = sweep.optimization_metric
    source = TableSource(every.rows, logs_of(sweep, every.rows), metric, "index", sortable)
    if query.columns:
        keys = ["index", "name", *(key for key in query.columns if key not in _NOT_CHOSEN)]
        return _table_chunks(source, query, keys, form, summaries)
    return _report_chunks(_report(sweep, every.rows), source, query, form, summaries)


def _report(sweep: Sweep, rows: Iterable[Row]) -> Row:
    """All runs as `export` has them; those that go on with their best value so far."""
    runs = sweep.state.runs
    return sweep_report(
        sweep,
        [
            replace(runs[row["index"]], best_value=row["best_value"], best_step=row["best_step"])
            for row in rows
        ],
    )


def _report_chunks(
    report: Row, source: TableSource, query: TableQuery, form: str, summaries: MetricSummaries
) -> Chunks:
    found = source.rows if query.pairs == () else source.found(query, summaries)
    runs = {run["index"]: run for run in report["runs"]}
    report = {**report, "runs": [runs[row["index"]] for row in found]}
    if form == "csv":
        yield from sweep_csv(report)
    else:
        yield encode_json(report).decode() + "\n"


def experiments_chunks(
    known: Iterable[Experiment], query: TableQuery, form: str, summaries: MetricSummaries
) -> Chunks:
    """The experiments that a query asks for; `known` are those of the page, archived or not.

    Without `columns` it is what the table shows at first, where the address says that it is shown.
    """
    _refuse(problems_of(query, {}, PLAIN_COLUMNS))
    experiments = {one.id: one for one in known}
    rows = [
        {**row, "path": str(experiments[row["id"]].dat_path.parent)}
        for row in experiment_rows(experiments.values(), ExperimentColors())
    ]
    logs = [LogToRead(row["dat_path"], is_final=False) for row in rows]
    source = TableSource(rows, logs, None, DEFAULT_SORT, PLAIN_COLUMNS)
    chosen = tuple(key for key in query.columns if key not in ("name", "status", "started_at"))
    if not query.columns and ("table", "1") in query.pairs:
        return _usual_chunks(source, query, form, summaries)
    return _table_chunks(source, query, (*_EXPERIMENT_COLUMNS, *_new(chosen)), form, summaries)


def _usual_chunks(
    source: TableSource, query: TableQuery, form: str, summaries: MetricSummaries
) -> Chunks:
    page = source.found(query, summaries)[:PAGE_SIZE]
    names = dict.fromkeys(
        name for row in source.dressed(page, summaries) for name in row["metrics"]
    )
    keys = (*_EXPERIMENT_COLUMNS, "duration", *first_statistics(list(names)))
    yield from _table_chunks(source, query, keys, form, summaries)


def _new(keys: Iterable[str]) -> list[str]:
    return [key for key in keys if key not in _EXPERIMENT_COLUMNS]


def _table_chunks(
    source: TableSource,
    query: TableQuery,
    keys: Sequence[str],
    form: str,
    summaries: MetricSummaries,
) -> Chunks:
    """The columns `keys`, and why a log cannot be read, where a column needs logs."""
    needs_logs = any(split_statistic(key) for key in keys)
    heads = [key.removeprefix(HYPERPARAMETER) for key in keys]
    if needs_logs:
        keys, heads = [*keys, "log_error"], [*heads, "log_error"]

    def lines() -> Iterator[list[object]]:
        found: Iterable[Row] = source.found(query, summaries)
        for row in source.dressed(found, summaries) if needs_logs else found:
            yield [_value(row, key, source.metric) for key in keys]

    return (table_csv if form == "csv" else table_json)(heads, lines())


def _value(row: Row, key: str, metric: str | None) -> object:
    if key == "duration":
        started_at, ended_at = row["started_at"], row["ended_at"]
        return None if started_at is None or ended_at is None else ended_at - started_at
    value = value_of(row, _EXPERIMENT_KEYS.get(key, key), metric)
    return str(value) if isinstance(value, Path) else value


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise HTTPException(400, "; ".join(problems))
