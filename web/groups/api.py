"""`GET /api/groups`: mean and spread of metrics over groups of a sweep's runs, or of experiments if
no sweep is named, and meanwhile `GET /api/groups/progress`: how many logs have been read.

The figures are over all runs of each group that pass the filters of the table, on all its pages.
`over` decides how runs that ended early count. The data read from a log is kept as a digest of a
few kilobytes, so that another request only costs the logs that have grown.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.logger.reading.reader import LogFormatError, Series, read_run_log
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.files.identities import FileCache, Identity

from ..runs.links import N_COLORS
from ..runs.name_patterns import NamePatternError
from ..series.api import read_in_thread
from ..series.derived.logs import NO_POINTS, derived_of, sorted_points
from ..series.digests.log_digests import files_of
from ..series.thinning import Float64s, Points
from ..serving.sse import encode_json
from .early_ends import taken_over
from .members import GroupedRun, Members, experiment_groups, sweep_groups
from .naming import RunGroup
from .query import METRIC_AXIS, GroupQuery, parse_group_query
from .reading_progress import ReadingProgress, ReadingsInProgress
from .statistics import GroupCurve, MetricBuckets, bucket_width, centers, coarsened, combine, digest

_SINCE_START_S = 1e8
"""Smaller wall times count from the start of the run (the original tool)."""
_DIGEST_BYTES = 64 << 20

Digests = FileCache[tuple[Path, str, str, tuple[Identity, ...]], MetricBuckets]
"""By log, metric, axis and the logs of earlier attempts."""


def keep_state(state: State) -> None:
    """Keep what the requests share."""
    state.digests = FileCache(_DIGEST_BYTES, lambda one: one.size_bytes)
    state.group_readings = ReadingsInProgress()


class GroupAnswer(TypedDict):
    """The curve of one group, with a value for each bucket of `x`.

    `short` is a shorter name, if it has one. `n` counts runs, `n_nan` those with nothing but NaN.
    """

    id: str
    name: str
    short: NotRequired[str]
    color: int
    n_runs: int
    x: list[float]
    n: list[int]
    n_nan: list[int]
    mean: list[float]
    std: list[float]
    low: list[float]
    high: list[float]


class GroupsAnswer(TypedDict):
    n_runs: int
    metrics: dict[str, list[GroupAnswer]]


async def groups(request: Request) -> Response:
    query = parse_group_query(request.query_params)
    state = request.app.state
    try:
        found = await state.catalog.use(partial(_members, query=query, state=state))
    except NamePatternError as error:
        raise HTTPException(400, f"group={query.group}: {error}") from error
    if found is None:
        raise HTTPException(404, f"sweep={query.sweep}: there is no such sweep")
    runs, members = found
    if members is None:
        raise HTTPException(
            400,
            f"group={query.group}: no run has it. It is p.NAME, tag, name.PATTERN or combination",
        )
    etag = await read_in_thread(_etag, runs, members, query)
    headers = {"etag": etag, "cache-control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    with state.group_readings.begin(query, len(runs)) as reading:
        answer = await read_in_thread(statistics, state.digests, runs, members, query, reading)
    return Response(encode_json(answer), media_type="application/json", headers=headers)


def _members(catalog: Catalog, query: GroupQuery, state: State) -> Members | None:
    if query.sweep is None:
        return experiment_groups(catalog, query, state.passing_experiments)
    return sweep_groups(catalog, query, state.passing_runs)


async def progress(request: Request) -> Response:
    """Return the progress of the same query: zeros if nothing is computed for it now."""
    query = parse_group_query(request.query_params)
    reading = request.app.state.group_readings.find(query) or ReadingProgress(0)
    answer = {"n_read": reading.n_read, "n_runs": reading.n_runs}
    headers = {"cache-control": "no-store"}
    return Response(encode_json(answer), media_type="application/json", headers=headers)


def _etag(runs: Sequence[GroupedRun], members: Sequence[RunGroup], query: GroupQuery) -> str:
    known = (astuple(query), [files_of(run.path) for run in runs], members)
    return f'"{hashlib.blake2b(repr(known).encode(), digest_size=12).hexdigest()}"'


def statistics(
    cache: Digests,
    runs: Sequence[GroupedRun],
    groups: Sequence[RunGroup],
    query: GroupQuery,
    reading: ReadingProgress,
) -> GroupsAnswer:
    """Return the columns of each group, by metric, in a form for JSON."""
    digests = []
    for run in runs:
        digests.append(_digests_of(cache, run, query))
        reading.n_read += 1
    return {
        "n_runs": len(runs),
        "metrics": {
            metric: _of_metric([one[number] for one in digests], groups, query)
            for number, metric in enumerate(query.metrics)
        },
    }


def _of_metric(
    digests: Sequence[MetricBuckets], groups: Sequence[RunGroup], query: GroupQuery
) -> list[GroupAnswer]:
    is_whole = query.x == "step"
    width = _common_width(digests, is_whole)
    digests = taken_over([coarsened(one, width) for one in digests], query.over)
    return [
        _answer(group, number, combine([digests[at] for at in group.members]), width, is_whole)
        for number, group in enumerate(groups)
    ]


def _common_width(digests: Sequence[MetricBuckets], is_whole: bool) -> float:
    reaches = [(one.width, *reach) for one in digests if (reach := one.reach) is not None]
    if not reaches:
        return 1.0
    low, high = min(low for _, low, _ in reaches), max(high for _, _, high in reaches)
    return max(bucket_width(low, high, is_whole), *(width for width, _, _ in reaches))


def _answer(
    group: RunGroup, number: int, curve: GroupCurve, width: float, is_whole: bool
) -> GroupAnswer:
    answer: GroupAnswer = {
        "id": group.id,
        "name": group.name,
        "color": number % N_COLORS,
        "n_runs": len(group.members),
        "x": centers(curve.bucket, width, is_whole).tolist(),
        "n": curve.n.tolist(),
        "n_nan": curve.n_nan.tolist(),
        "mean": curve.mean.tolist(),
        "std": curve.std.tolist(),
        "low": curve.low.tolist(),
        "high": curve.high.tolist(),
    }
    if group.short:
        answer["short"] = group.short
    return answer


def _digests_of(cache: Digests, run: GroupedRun, query: GroupQuery) -> list[MetricBuckets]:
    """Return a digest for each metric. The log is read once, and only if it has changed."""
    identity, *earlier = files_of(run.path) or (None,)
    keys = [(run.path, metric, query.x, tuple(earlier)) for metric in query.metrics]
    known = [cache.find(key, identity) for key in keys]
    if query.is_zoomed and all(one is not None and one.is_exact for one in known):
        return [_within(one, query) for one in known if one is not None]
    if not query.is_zoomed and None not in known:
        return [one for one in known if one is not None]
    log = _log(run.path)
    across = _points(log, query.x.removeprefix(METRIC_AXIS))
    found = [_digest(_points(log, metric), run, query, across) for metric in query.metrics]
    if not query.is_zoomed:
        for key, one in zip(keys, found, strict=True):
            cache.put(key, identity, one)
    return found


def _within(whole: MetricBuckets, query: GroupQuery) -> MetricBuckets:
    kept = _is_within(whole.bucket.astype(np.float64) * whole.width, query)
    gap = whole.gap[_is_within(whole.gap.astype(np.float64) * whole.width, query)]
    mean = whole.mean[kept]
    return MetricBuckets(whole.width, whole.bucket[kept], whole.n[kept], mean, mean, mean, gap)


def _digest(points: Points, run: GroupedRun, query: GroupQuery, across: Points) -> MetricBuckets:
    """Return the digest of a metric. `across`: the metric on the x axis, if one is."""
    if query.x.startswith(METRIC_AXIS):
        x = _values_at(across, points)
    else:
        x = _x_values(points, run.started_at, query.x)
    kept = _is_within(x, query)
    return digest(x[kept], points.value[kept], query.x == "step")


def _points(log: Mapping[str, Series], metric: str) -> Points:
    """Return the points of a logged or derived metric, or none if there is no such metric."""
    if metric in log:
        return sorted_points(log[metric])
    derived = derived_of(metric, log)
    return NO_POINTS if derived is None else derived


def _values_at(across: Points, points: Points) -> Float64s:
    """Return the values of one metric at the steps of another, as `valuesAt` of `curves.js`."""
    if not len(across):
        return np.full(len(points), np.nan)
    steps = across.step.astype(np.float64)
    at = points.step.astype(np.float64)
    found = np.interp(at, steps, across.value, left=np.nan, right=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _is_within(x: Float64s, query: GroupQuery) -> np.ndarray[Any, np.dtype[np.bool_]]:
    low = -np.inf if query.first is None else query.first
    high = np.inf if query.last is None else query.last
    return (x >= low) & (x <= high)


def _log(path: Path) -> Mapping[str, Series]:
    try:
        return read_run_log(path)
    except (OSError, LogFormatError):
        return {}


def _x_values(points: Points, started_at: float | None, axis: str) -> Float64s:
    """Return x values as the page's script computes them for single runs (`curves.js`)."""
    if axis == "step" or not len(points):
        return points.step.astype(np.float64)
    time_s = points.wall_time
    first = float(time_s.min())
    is_since_start = time_s < _SINCE_START_S
    if axis == "relative":
        begin = started_at if started_at is not None and started_at <= first else first
        return np.where(is_since_start, time_s, time_s - begin)
    return np.where(is_since_start, (started_at or 0.0) + time_s, time_s)


routes = [Route("/api/groups", groups), Route("/api/groups/progress", progress)]
