"""`GET /insight/importance/SWEEP`: the table of importances as a part of the page.

Optuna takes seconds: it runs in a process of its own, one for a sweep at a time, while the page
shows what is known without it.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..live.feed import Feed
from ..rendering import render_part
from ..runs.catalog_access import find_sweep
from ..tables.sweep_rows import all_runs
from .axes import axes_of
from .importance import ImportanceError, ask, importance_axes, question
from .importance_results import ImportanceView, Result, compared_rows, importance_view, keep
from .ped_anova import Question

_locks: WeakKeyDictionary[Sweep, anyio.Lock] = WeakKeyDictionary()


@dataclass(frozen=True)
class ImportancePart:
    """What `_importance.html` needs when it is rendered by itself."""

    importance: ImportanceView
    sweep_id: str


async def importance(request: Request) -> Response:
    sweep_id: str = request.path_params["sweep_id"]
    state = request.app.state
    sweep = await state.catalog.use(lambda catalog: find_sweep(catalog, sweep_id))
    if sweep is None:
        raise HTTPException(404, f"there is no sweep {sweep_id!r}")
    async with _locks.setdefault(sweep, anyio.Lock()):
        asked = await state.catalog.use(lambda catalog: _question(sweep, state.feed))
        if asked is not None:
            keep(sweep, await _ask(asked))
    html = await state.catalog.use(lambda catalog: _render(catalog, sweep, state.feed))
    return HTMLResponse(html, headers={"cache-control": "no-store"})


def _question(sweep: Sweep, feed: Feed) -> Question | None:
    """None where nothing is to be computed: it is known, or there are too few runs."""
    rows = all_runs(sweep, feed.live_bests(sweep.id)).rows
    if not importance_view(sweep, rows).must_ask:
        return None
    rows = compared_rows(sweep, rows)
    axes = importance_axes(axes_of(sweep.config, rows), sweep.config)
    return question(rows, axes, sweep.optimization_goal)


async def _ask(asked: Question) -> Result:
    n = len(asked["values"])
    try:
        answer = await ask(asked)
    except ImportanceError as error:
        return Result(n, problem=str(error))
    return Result(n, answer["shares"], answer["version"])


def _render(catalog: Catalog, sweep: Sweep, feed: Feed) -> str:
    rows = all_runs(sweep, feed.live_bests(sweep.id)).rows
    part = ImportancePart(importance_view(sweep, rows), sweep.id)
    return render_part("insight/_importance.html", part)


routes = [Route("/insight/importance/{sweep_id:path}", importance)]
