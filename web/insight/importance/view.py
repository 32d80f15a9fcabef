"""`GET /insight/importance/SWEEP`: the table of importances as a part of the page.

Optuna takes seconds: it runs in a process of its own, one for a sweep at a time, while the page
shows what is known without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ...live.feed import Feed
from ...rendering import render_part
from ...runs.catalog_access import find_sweep
from ...tables.sweeps.sweep_rows import all_runs
from .measures import ImportanceError, ask
from .ped_anova import Question
from .results import (
    ImportanceView,
    Questions,
    Result,
    Results,
    importance_view,
    keep,
    known,
    questions,
)

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
        asked = await state.catalog.use(lambda catalog: _questions(sweep, state.feed))
        keep(sweep, await _answered(known(sweep), asked))
    html = await state.catalog.use(lambda catalog: _render(catalog, sweep, state.feed))
    return HTMLResponse(html, headers={"cache-control": "no-store"})


def _questions(sweep: Sweep, feed: Feed) -> Questions:
    return questions(sweep, all_runs(sweep, feed.live_bests(sweep.id)).searched)


async def _answered(results: Results, asked: Questions) -> Results:
    """What is known after these questions; both go to one process, which takes seconds to start."""
    found = iter(await _ask([one for one in (asked.best, asked.failing) if one is not None]))
    best = results.best if asked.best is None else next(found)
    if asked.failing is None:
        return Results(best, results.failing)
    n_failed = round(sum(asked.failing["values"]))
    return Results(best, replace(next(found), n_failed=n_failed))


async def _ask(asked: Sequence[Question]) -> list[Result]:
    if not asked:
        return []
    try:
        answers = await ask(asked)
    except ImportanceError as error:
        return [Result(len(one["values"]), problem=str(error)) for one in asked]
    return [
        Result(len(one["values"]), answer["shares"], answer["version"])
        for one, answer in zip(asked, answers, strict=True)
    ]


def _render(catalog: Catalog, sweep: Sweep, feed: Feed) -> str:
    rows = all_runs(sweep, feed.live_bests(sweep.id)).searched
    part = ImportancePart(importance_view(sweep, rows), sweep.id)
    return render_part("insight/_importance.html", part)


routes = [Route("/insight/importance/{sweep_id:path}", importance)]
