"""`GET /export/…`: tables and series to download, as CSV or JSON, written while they are sent.

The shapes are those of the command line's `export`; what the page shows (its filter, its columns,
the runs that are drawn) is what comes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.logger.reader import LogFormatError, read_log
from ml_tracking_ops.orchestrator.catalog import Catalog, Sweep
from ml_tracking_ops.orchestrator.exports import (
    NamedLog,
    runs_csv,
    runs_json,
    sweep_csv,
    table_csv,
    table_json,
)
from ml_tracking_ops.orchestrator.reports import list_entries, sweep_report

from .catalog_access import RunFiles, find_runs
from .row_values import value_of
from .series import parse_runs
from .sse import encode_json
from .sweep_rows import Row, select_runs, with_summaries
from .table_query import HYPERPARAMETER, parse_query, split_statistic
from .table_readers import TableReaders

_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
_LONGEST_METRIC = 100
"""So many characters of a metric stand in a file's name."""
_NOT_IN_A_FILE = frozenset(("index", "name", "curve"))
_EXPERIMENT_COLUMNS = ("name", "state", "started_at", "path", "label", "tags", "note")


async def series(request: Request) -> Response:
    """The points of each `run`: of all its metrics, or of those that `metric` names."""
    form = _form(request.query_params)
    metrics = tuple(dict.fromkeys(request.query_params.getlist("metric")))
    find = partial(find_runs, run_ids=parse_runs(request.query_params))
    runs: list[RunFiles] = await request.app.state.catalog.use(find)
    if not runs:
        raise HTTPException(HTTPStatus.NOT_FOUND, "none of these runs is there any more")
    chunks = (runs_csv if form == "csv" else runs_json)(_logs(runs, metrics))
    held = runs[0].run_id if len(runs) == 1 else f"{len(runs)}-runs"
    name = f"{metrics[0][:_LONGEST_METRIC]}-{held}" if len(metrics) == 1 else f"{held}-series"
    return _download(chunks, name, form)


def _logs(runs: Iterable[RunFiles], metrics: tuple[str, ...]) -> Iterator[NamedLog]:
    """One log after the other; of a run that has no log, or none that can be read, no points."""
    for run in runs:
        try:
            log = {} if run.dat_path is None else read_log(run.dat_path, follow_link=False)
        except (OSError, LogFormatError):
            log = {}
        yield run.run_id, {name: log[name] for name in metrics if name in log} if metrics else log


async def sweep_table(request: Request) -> Response:
    """The runs of a sweep that the address asks for, in the order and columns of the page's table.

    Without `columns` it is what `export` writes of a sweep.
    """
    form = _form(request.query_params)
    sweep_id: str = request.path_params["sweep_id"]
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "format"]
    query = parse_query(QueryParams(pairs))
    state = request.app.state

    def build(catalog: Catalog) -> tuple[str, Iterator[str]] | None:
        sweep = catalog.sweeps.get(sweep_id)
        if sweep is None:
            return None
        live = state.feed.live_bests(sweep.id)
        found = select_runs(sweep, query, live, state.table_readers.summaries)
        if found.problems:
            raise HTTPException(400, "; ".join(found.problems))
        rows = found.rows if pairs else found.all_rows
        if query.columns:
            lines, head = _chosen_columns(sweep, rows, query.columns, state.table_readers)
            return sweep.name, (table_csv if form == "csv" else table_json)(head, lines)
        report = _report(sweep, rows)
        text = encode_json(report).decode() + "\n"
        return sweep.name, sweep_csv(report) if form == "csv" else iter([text])

    built = await state.catalog.use(build)
    if built is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no sweep {sweep_id}")
    return _download(built[1], f"{built[0]}-runs", form)


def _report(sweep: Sweep, rows: Iterable[Row]) -> dict[str, Any]:
    """Runs that go on with their best value so far, as the rows have it."""
    runs = sweep.state.runs
    return sweep_report(
        sweep,
        [
            replace(runs[row["index"]], best_value=row["best_value"], best_step=row["best_step"])
            for row in rows
        ],
    )


def _chosen_columns(
    sweep: Sweep, rows: list[Row], chosen: Sequence[str], readers: TableReaders
) -> tuple[list[list[object]], list[str]]:
    if any(split_statistic(key) for key in chosen):
        rows, _ = with_summaries(sweep, rows, readers.summaries, float("inf"))
    keys = ["index", "name", *(key for key in chosen if key not in _NOT_IN_A_FILE)]
    metric = sweep.optimization_metric
    lines = [[_value(row, key, metric) for key in keys] for row in rows]
    return lines, [key.removeprefix(HYPERPARAMETER) for key in keys]


def _value(row: Row, key: str, metric: str | None) -> object:
    if key == "duration":
        started_at, ended_at = row["started_at"], row["ended_at"]
        return None if started_at is None or ended_at is None else ended_at - started_at
    return value_of(row, key, metric)


async def experiments_table(request: Request) -> Response:
    """The experiments whose names hold what the page searches for."""
    form = _form(request.query_params)
    search = request.query_params.get("q", "").strip().casefold()

    def build(catalog: Catalog) -> list[list[object]]:
        return [
            [entry.get(name) for name in _EXPERIMENT_COLUMNS]
            for entry in list_entries(catalog)
            if entry["kind"] == "experiment" and search in entry["name"].casefold()
        ]

    lines = await request.app.state.catalog.use(build)
    chunks = (table_csv if form == "csv" else table_json)(_EXPERIMENT_COLUMNS, lines)
    return _download(chunks, "experiments", form)


def _form(query: QueryParams) -> str:
    form = query.get("format", "csv")
    if form not in _TYPES:
        raise HTTPException(400, f"format={form}: must be one of {', '.join(_TYPES)}")
    return form


def _download(chunks: Iterator[str], name: str, form: str) -> Response:
    """The chunks as a file; each is made when there is room for it on its way."""
    name = _NOT_IN_A_NAME.sub("-", name).strip("-.") or "export"
    # what is no text by itself (half a character of a pair) still travels, in JSON as it is
    errors = "backslashreplace" if form == "json" else "replace"
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}.{form}",
        "Cache-Control": "no-store",
    }
    encoded = (chunk.encode("utf-8", errors) for chunk in chunks)
    return StreamingResponse(encoded, media_type=_TYPES[form], headers=headers)


routes: list[BaseRoute] = [
    Route("/export/series", series),
    Route("/export/experiments", experiments_table),
    Route("/export/sweep/{sweep_id:path}", sweep_table),
]
