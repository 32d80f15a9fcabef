"""`GET /api/insight/SWEEP`: the runs of a sweep as columns, and then only what has changed.

The answer names a `cursor`; `?since=CURSOR` answers with the runs that have changed after it, and
with those that still go on. A cursor of another server, or of a journal that was replaced
meanwhile, is answered with everything: `is_complete` says which of the two it is.
"""

import hashlib
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.catalog import Catalog, Sweep

from .catalog_access import find_sweep
from .feed import Feed
from .insight import describe_sweep
from .rows import run_row
from .sse import encode_json

_PARAMETERS = ("since",)


class Generations:
    """Numbers that tell the journals of a sweep apart, where one is replaced by another."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, int]] = {}
        self._n_given = 0

    def of(self, sweep: Sweep) -> str:
        changes, number = self._known.get(sweep.id, (None, 0))
        if changes is not sweep.changes:
            self._n_given += 1
            number = self._n_given
            self._known[sweep.id] = (sweep.changes, number)
        return f"{id(self):x}.{number}"


async def insight(request: Request) -> Response:
    """The columns, encoded in a worker thread."""
    for name in request.query_params:
        if name not in _PARAMETERS:
            raise HTTPException(400, f"{name}: not known; allowed: {', '.join(_PARAMETERS)}")
    sweep_id: str = request.path_params["sweep_id"]
    state = request.app.state
    if not hasattr(state, "generations"):
        state.generations = Generations()
    since = request.query_params.get("since")
    build = partial(_build, sweep_id=sweep_id, since=since, app_state=state)
    body = await state.catalog.use(build)
    if body is None:
        raise HTTPException(404, f"there is no sweep {sweep_id!r}")
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _build(catalog: Catalog, *, sweep_id: str, since: str | None, app_state: Any) -> bytes | None:
    sweep = find_sweep(catalog, sweep_id)
    if sweep is None:
        return None
    feed: Feed = app_state.feed
    live = feed.live_bests(sweep.id)
    generation = app_state.generations.of(sweep)
    changed = _changed(sweep, generation, since)
    rows = [run_row(sweep.id, run, live.get(run.index)) for run in sweep.state.runs.values()]
    started_at = sweep.state.started_at or sweep.started_at
    answer = {
        "cursor": f"{generation}.{len(sweep.changes)}",
        "is_complete": changed is None,
        "metric": sweep.optimization_metric,
        "goal": sweep.optimization_goal,
        "n_planned": sweep.config.get("max_runs"),
        **describe_sweep(rows, sweep.config, started_at, changed),
    }
    return encode_json(answer)


def _changed(sweep: Sweep, generation: str, since: str | None) -> set[int] | None:
    """The runs that a page which knows all up to `since` does not know; None: all of them."""
    known, _, place = (since or "").rpartition(".")
    is_ours = known == generation and place.isascii() and place.isdecimal() and len(place) < 16
    if not is_ours or int(place) > len(sweep.changes):
        return None
    changed = {index for index in sweep.changes[int(place) :] if index is not None}
    going_on = {run.index for run in sweep.state.runs.values() if run.status == "running"}
    return changed | going_on


routes = [Route("/api/insight/{sweep_id:path}", insight)]
