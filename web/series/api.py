"""The points of runs as columns, thinned for charts: `GET /api/series` as JSON, for programs, `GET
/api/points` as bytes, for the pages, and `GET /api/metrics`, only the names."""

import gzip
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import anyio
import anyio.lowlevel
import anyio.to_thread
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.logger.reading.bounded_reading import given_up, meanwhile
from ml_tracking_ops.orchestrator.store.files.identities import Identity, identify

from ..runs.catalog_access import RunFiles, find_runs
from ..serving.sse import encode_json
from .derived.definition import is_derived
from .digests.log_digests import MAX_METRICS, files_of, paths_of_log
from .kept_answers import KeptAnswers
from .packing import PackedRun, pack
from .store import (
    EMPTY,
    OVERVIEW_BUCKETS,
    MetricPoints,
    RunSeries,
    SeriesStore,
    read_named,
)
from .thinning import Points, between, thin, to_columns

MAX_RUNS = 5_000
MAX_POINTS = 20_000
_DEFAULT_POINTS = 1_000
_SERIES_PARAMETERS = ("run", "metric", "first", "first_step", "last_step", "points")
_READERS_AT_ONCE = 2
_LARGE_BYTES = 1 << 20
_FIRST_METRICS = 6
_BUCKETS_OF_ALL = 30_000
_LEAST_BUCKETS_POWER, _MOST_BUCKETS_POWER = 4, 8

_reading: anyio.lowlevel.RunVar[anyio.CapacityLimiter] = anyio.lowlevel.RunVar("reading")


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """The requested part of the requested runs, and its resolution.

    Without `metrics` the `first` so many, in the order of declaration. Without both, all.
    """

    runs: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    first: int | None = None
    first_step: int | None = None
    last_step: int | None = None
    points: int = _DEFAULT_POINTS

    @property
    def is_overview(self) -> bool:
        is_whole = self.first_step is None and self.last_step is None
        return is_whole and self.points <= OVERVIEW_BUCKETS


def parse_series_query(query: QueryParams) -> SeriesQuery:
    """Return the query of `/api/series`.

    Raises:
        HTTPException: 400, naming the parameter, its value and what is allowed.
    """
    for name in query:
        if name not in _SERIES_PARAMETERS:
            allowed = ", ".join(_SERIES_PARAMETERS)
            raise HTTPException(400, f"{name}: not known. Allowed: {allowed}")
    points = _whole_number(query, "points")
    if points is not None and not 1 <= points <= MAX_POINTS:
        raise HTTPException(400, f"points={points}: must be between 1 and {MAX_POINTS}")
    return SeriesQuery(
        parse_runs(query),
        tuple(dict.fromkeys(query.getlist("metric"))),
        _whole_number(query, "first"),
        _whole_number(query, "first_step"),
        _whole_number(query, "last_step"),
        _DEFAULT_POINTS if points is None else points,
    )


def parse_runs(query: QueryParams) -> tuple[str, ...]:
    runs = tuple(dict.fromkeys(query.getlist("run")))
    if not runs:
        raise HTTPException(400, "run: at least one is needed, as in ?run=ID&run=ID")
    if len(runs) > MAX_RUNS:
        raise HTTPException(400, f"run: {len(runs)} were given. At most {MAX_RUNS} at once")
    return runs


def _whole_number(query: QueryParams, name: str) -> int | None:
    text = query.get(name)
    if text is None or text == "":
        return None
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 19:
        number = int(text)
        if -(2**63) <= number < 2**63:
            return number
    raise HTTPException(400, f"{name}={text}: must be a whole number of 64 bits")


@dataclass(frozen=True, slots=True)
class _State:
    """What an answer depends on: its entity tag, and the identities of all logs."""

    etag: str
    files: Sequence[Identity]


@dataclass(frozen=True, slots=True)
class _Compressed:
    """A body that is compressed with gzip."""

    data: bytes


async def series(request: Request) -> Response:
    """Return columns of the known runs. Unknown ones are left out."""
    return await _answer(request, _encoded, "application/json")


async def points(request: Request) -> Response:
    """Return the points as bytes, with the names of all metrics of each run."""
    pack_with_cache = partial(_kept_or_packed, request.app.state.kept_answers)
    return await _answer(request, pack_with_cache, "application/octet-stream")


async def _answer(
    request: Request,
    encode: "Callable[[SeriesStore, Sequence[RunFiles], SeriesQuery, _State], bytes | _Compressed]",
    media_type: str,
) -> Response:
    query = parse_series_query(request.query_params)
    state = request.app.state
    runs = await state.catalog.use(partial(find_runs, run_ids=query.runs))
    found = await read_in_thread(_state_of, runs, query)
    headers = {"etag": found.etag, "cache-control": "no-cache"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = await read_in_thread(encode, state.series_store, runs, query, found)
    if isinstance(body, _Compressed):
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
            return Response(body.data, media_type=media_type, headers=headers)
        body = await read_in_thread(gzip.decompress, body.data)
    return Response(body, media_type=media_type, headers=headers)


async def metrics(request: Request) -> Response:
    """Return the names of the metrics of some runs, in order of their first declaration.

    At most `MAX_METRICS` of them. Then `n_left_out` is the number of other known ones.
    """
    run_ids = parse_runs(request.query_params)
    state = request.app.state
    runs = await state.catalog.use(partial(find_runs, run_ids=run_ids))
    names, n_left_out = await read_in_thread(list_metrics, state.series_store, runs)
    more = {"n_left_out": n_left_out} if n_left_out else {}
    body = encode_json({"metrics": names, **more})
    return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})


async def read_in_thread(function: Any, *arguments: Any) -> Any:
    """Run in a worker thread. Only a few run at once, since each may hold a whole log in memory."""
    try:
        limiter = _reading.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_READERS_AT_ONCE)
        _reading.set(limiter)
    return await anyio.to_thread.run_sync(partial(function, *arguments), limiter=limiter)


def list_metrics(store: SeriesStore, runs: Iterable[RunFiles]) -> tuple[list[str], int]:
    names: dict[str, None] = {}
    n_most = 0
    for run in runs:
        if run.dat_path is not None:
            known = store.overview(run.dat_path, 1)
            names.update(dict.fromkeys(known.metrics))
            n_most = max(n_most, len(known.metrics) + known.n_left_out)
    shown = list(names)[:MAX_METRICS]
    return shown, max(n_most, len(names)) - len(shown)


def encode_series(store: SeriesStore, runs: Iterable[RunFiles], query: SeriesQuery) -> bytes:
    """Encode the whole answer, run by run, so that never more than one is held as Python
    objects."""
    names: dict[str, None] = {}
    parts = (
        encode_json(run.run_id)
        + b":"
        + _encode_run(_with_derived(store, run, query, _loaded(store, run, query)), query, names)
        for run in runs
    )
    return b'{"runs":{' + b",".join(parts) + b"}}"


def _encode_run(loaded: RunSeries, query: SeriesQuery, names: dict[str, None]) -> bytes:
    metrics = {
        name: {
            **to_columns(one.points),
            "count": one.count,
            "is_thinned": len(one.points) < one.count,
            "n_repeated": one.n_repeated,
        }
        for name, one in select_points(loaded, query, names).items()
    }
    return encode_json({"cursor": loaded.cursor, "metrics": metrics})


def _encoded(
    store: SeriesStore, runs: Iterable[RunFiles], query: SeriesQuery, state: _State
) -> bytes:
    return encode_series(store, runs, query)


def _kept_or_packed(
    kept: KeptAnswers,
    store: SeriesStore,
    runs: Sequence[RunFiles],
    query: SeriesQuery,
    state: _State,
) -> bytes | _Compressed:
    """Return the answer that was kept for logs in this state, else a new one."""
    found = kept.find(state.etag)
    if found is not None:
        return _Compressed(found)
    packed = packed_runs(store, runs, query)
    body = _pack(packed, query)
    # a log that cannot be read now may be readable tomorrow, and look the same
    is_complete = all(run.cursor for run in packed) and not _are_given_up(runs)
    if is_complete and query.is_overview:  # parts are rarely asked for twice
        found = kept.keep(state.etag, body, state.files)
    return body if found is None else _Compressed(found)


def _are_given_up(runs: Sequence[RunFiles]) -> bool:
    """Return whether any of these logs is too long to be read whole."""
    known = given_up().keys()
    return bool(known) and any(run.dat_path and known & paths_of_log(run.dat_path) for run in runs)


def packed_runs(
    store: SeriesStore, runs: Sequence[RunFiles], query: SeriesQuery
) -> list[PackedRun]:
    """Read the points of some runs."""
    read = partial(_packed_run, store, query)
    # numpy computes without the interpreter's lock: two threads are faster than one, but for small
    # logs they spend more than that on passing the lock
    if _mean_bytes(runs) >= _LARGE_BYTES:
        with ThreadPoolExecutor(_READERS_AT_ONCE) as readers:
            return list(_each(readers.map(read, runs)))
    return list(_each(map(read, runs)))


def _pack(packed: Sequence[PackedRun], query: SeriesQuery) -> bytes:
    names = dict.fromkeys(name for one in packed for name in one.names)
    return pack(packed, query.metrics or tuple(names)[: query.first])


def _each(packed: Iterable[PackedRun]) -> Iterator[PackedRun]:
    """Yield each run, checking in between whether the client has gone. A pool's threads cannot do
    that."""
    for run in packed:
        meanwhile()
        yield run


def _mean_bytes(runs: Sequence[RunFiles]) -> float:
    identities = [identify(run.dat_path) for run in runs if run.dat_path is not None]
    sizes = [identity.size_bytes for identity in identities if identity is not None]
    return sum(sizes) / max(1, len(sizes))


def _packed_run(store: SeriesStore, query: SeriesQuery, run: RunFiles) -> PackedRun:
    loaded = _loaded(store, run, query)
    # the first metrics of all runs are not known before all are read
    whole = _with_derived(store, run, query, loaded)
    shown = select_points(whole, replace(query, first=None), {})
    return PackedRun(
        run.run_id,
        loaded.cursor,
        tuple(loaded.metrics),
        {name: one.points for name, one in shown.items()},
        {name: one.count for name, one in shown.items()},
        loaded.n_left_out,
        {
            name: column.abandoned
            for name, column in loaded.metrics.items()
            if column.abandoned is not None
        },
        {
            name: (one.repeated, one.n_repeated)
            for name, one in shown.items()
            if one.repeated is not None
        },
    )


def _loaded(store: SeriesStore, run: RunFiles, query: SeriesQuery) -> RunSeries:
    if run.dat_path is None:
        return EMPTY
    if query.is_overview:
        loaded = store.overview(run.dat_path, query.points)
    else:
        loaded = store.all_points(run.dat_path)
    beyond = [name for name in query.metrics if name not in loaded.metrics]
    if not (loaded.n_left_out and beyond):
        return loaded
    return replace(loaded, metrics=loaded.metrics | read_named(run.dat_path, beyond).metrics)


def _with_derived(
    store: SeriesStore, run: RunFiles, query: SeriesQuery, loaded: RunSeries
) -> RunSeries:
    """Return the run with the requested derived metrics."""
    names = [name for name in query.metrics if is_derived(name) and name not in loaded.metrics]
    if not names or run.dat_path is None:
        return loaded
    found = {name: store.derived.points(run.dat_path, name) for name in names}
    known = {name: MetricPoints(points, len(points)) for name, points in found.items()}
    return replace(loaded, metrics=loaded.metrics | known)


def select_points(
    run: RunSeries, query: SeriesQuery, names: dict[str, None]
) -> dict[str, MetricPoints]:
    """Return the points of the requested metrics, and how many there are in all.

    `names` collects those of all runs: which metrics are the first becomes known gradually.
    """
    names.update(dict.fromkeys(run.metrics))
    wanted = query.metrics or tuple(names)[: query.first]
    return {name: _shown(run.metrics[name], query) for name in wanted if name in run.metrics}


def _shown(column: MetricPoints, query: SeriesQuery) -> MetricPoints:
    points, count = _part(column.points, column.count, query)
    if column.repeated is None:
        return MetricPoints(points, count)
    repeated, n_repeated = _part(column.repeated, column.n_repeated, query)
    return MetricPoints(points, count, None, repeated, n_repeated)


def _part(points: Points, count: int, query: SeriesQuery) -> tuple[Points, int]:
    chosen = between(points, query.first_step, query.last_step)
    count = count if len(chosen) == len(points) else len(chosen)
    return thin(chosen, query.points), count


def points_href(run_ids: Sequence[str], metric: str | None = None) -> str | None:
    """Return the first request of a page's script: for one metric, or the first visible charts."""
    if not run_ids:
        return None
    n_metrics = 1 if metric else _FIRST_METRICS
    wanted = ("metric", metric) if metric else ("first", _FIRST_METRICS)
    buckets = buckets_each(len(run_ids) * n_metrics)
    return "/api/points?" + urlencode(
        [*(("run", one) for one in run_ids), wanted, ("points", buckets)]
    )


def buckets_each(n_series: int) -> int:
    """Return the buckets for each of so many series drawn together: a power of two, so that what
    was read for one page serves the next. `bucketsEach` of `store.js` is the same."""
    power = round(math.log2(max(1.0, _BUCKETS_OF_ALL / n_series)))
    return 1 << min(_MOST_BUCKETS_POWER, max(_LEAST_BUCKETS_POWER, power))


def _state_of(runs: Iterable[RunFiles], query: SeriesQuery) -> _State:
    files = [files_of(run.dat_path) for run in runs if run.dat_path is not None]
    digest = hashlib.blake2b(repr((astuple(query), files)).encode(), digest_size=12)
    every = [identity for own in files if own is not None for identity in own]
    return _State(f'"{digest.hexdigest()}"', every)


routes = [
    Route("/api/series", series),
    Route("/api/points", points),
    Route("/api/metrics", metrics),
]
