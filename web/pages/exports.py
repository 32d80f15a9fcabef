"""`GET /export/…`: tables and series to download, as CSV or JSON, written while they are sent.

The shapes are those of the command line's `export`. The content is what the page shows (its filter,
its columns, the drawn runs).
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from itertools import chain
from urllib.parse import quote

import anyio.to_thread
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.logger.reading.reader import Series, read_run_log
from ml_tracking_ops.orchestrator.reports.exports.run_tables import NamedLog, runs_csv, runs_json
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.endings import log_trouble

from ..runs.catalog_access import RunFiles, find_runs
from ..series.api import parse_runs
from ..series.derived.definition import title_of
from ..series.derived.logs import derived_of
from ..tables.experiment_choice import shown_experiments
from ..tables.exports import experiments_chunks, sweep_chunks
from ..tables.query import TableQuery, parse_table_query

_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
_LONGEST_METRIC = 100
"""How many characters of a metric are in a file's name."""


async def export_series(request: Request) -> Response:
    """Return the points of each `run`: of all its metrics, or of those that `metric` names."""
    form = _form(request.query_params)
    metrics = tuple(dict.fromkeys(request.query_params.getlist("metric")))
    find = partial(find_runs, run_ids=parse_runs(request.query_params))
    runs: list[RunFiles] = await request.app.state.catalog.use(find)
    if not runs:
        raise HTTPException(HTTPStatus.NOT_FOUND, "none of these runs is there any more")
    troubles = await anyio.to_thread.run_sync(_troubles, runs)
    chunks = (runs_csv if form == "csv" else runs_json)(_logs(runs, metrics, troubles), troubles)
    held = runs[0].run_id if len(runs) == 1 else f"{len(runs)}-runs"
    first = title_of(metrics[0])[:_LONGEST_METRIC] if metrics else ""
    name = f"{first}-{held}" if len(metrics) == 1 else f"{held}-series"
    return _download(chunks, name, form)


def _logs(
    runs: Iterable[RunFiles], metrics: tuple[str, ...], troubles: Mapping[str, str]
) -> Iterator[NamedLog]:
    """Yield one log after the other, without points for those with troubles.

    A log that can no longer be read cuts the download short, which shows the error.
    """
    for run in runs:
        if run.run_id in troubles or run.dat_path is None:
            yield run.run_id, {}
            continue
        log = read_run_log(run.dat_path, is_whole=True)
        found = {name: _series(log, name) for name in metrics}
        known = {name: one for name, one in found.items() if one is not None}
        yield run.run_id, known if metrics else log


def _series(log: Mapping[str, Series], name: str) -> Series | None:
    if name in log:
        return log[name]
    derived = derived_of(name, log)
    return None if derived is None else Series(derived.step, derived.wall_time, derived.value)


def _troubles(runs: Iterable[RunFiles]) -> dict[str, str]:
    """Return why the logs of some of the runs cannot be read, found out before anything is sent."""
    found = {
        run.run_id: "there is no log" if run.dat_path is None else log_trouble(run.dat_path)
        for run in runs
    }
    return {run_id: trouble for run_id, trouble in found.items() if trouble is not None}


async def export_runs(request: Request) -> Response:
    """Return the runs of a sweep that the address requests, in the order and columns of the page's
    table.

    Without `columns` it is the same as `export` of a sweep.
    """
    form, query = _form(request.query_params), _query(request.query_params)
    sweep_id: str = request.path_params["sweep_id"]
    state = request.app.state

    def build(catalog: Catalog) -> tuple[str, Iterator[str]] | None:
        sweep = catalog.sweeps.get(sweep_id)
        if sweep is None:
            return None
        live = state.feed.live_bests(sweep.id)
        return sweep.name, sweep_chunks(sweep, query, form, live, state.log_readers.summaries)

    built = await state.catalog.use(build)
    if built is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no sweep {sweep_id}")
    return _download(built[1], f"{built[0]}-runs", form)


async def export_experiments(request: Request) -> Response:
    """Return the experiments that the address requests, as the page's table shows them."""
    form, query = _form(request.query_params), _query(request.query_params)
    summaries = request.app.state.log_readers.summaries

    def build(catalog: Catalog) -> Iterator[str]:
        known = shown_experiments(catalog, request.query_params)
        return experiments_chunks(known, query, form, summaries)

    return _download(await request.app.state.catalog.use(build), "experiments", form)


def _query(params: QueryParams) -> TableQuery:
    """Return the query of the page's table from its address."""
    return parse_table_query(
        QueryParams([one for one in params.multi_items() if one[0] != "format"])
    )


def _form(query: QueryParams) -> str:
    form = query.get("format", "csv")
    if form not in _TYPES:
        raise HTTPException(400, f"format={form}: must be one of {', '.join(_TYPES)}")
    return form


def _download(chunks: Iterator[str], name: str, form: str) -> Response:
    """Return the chunks as a file. Each is made when it can be sent."""
    name = _NOT_IN_A_NAME.sub("-", name).strip("-.") or "export"
    # a text that cannot be encoded (half a surrogate pair) is still sent, in JSON escaped
    errors = "backslashreplace" if form == "json" else "replace"
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}.{form}",
        "Cache-Control": "no-store",
    }
    encoded = (chunk.encode("utf-8", errors) for chunk in chunks)
    # spreadsheets read a CSV file as UTF-8 only if it begins with a byte-order mark
    marked = chain([codecs.BOM_UTF8], encoded) if form == "csv" else encoded
    return StreamingResponse(marked, media_type=_TYPES[form], headers=headers)


routes: list[BaseRoute] = [
    Route("/export/series", export_series),
    Route("/export/experiments", export_experiments),
    Route("/export/sweep/{sweep_id:path}", export_runs),
]
