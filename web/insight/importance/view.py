"""`GET /insight/importance/SWEEP`: the table of importances as a part of the page.

`GET /insight/importance?run=ID&objective=METRIC` is that of experiments, chosen as on their page.
Optuna takes seconds: it runs in a process of its own, one for a sweep at a time, while the page
shows what is known without it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakKeyDictionary

import anyio
from starlette.datastructures import QueryParams, State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog

from ...rendering import render_part
from ...runs.catalog_access import find_sweep
from ...tables.rows import Row
from ...tables.sweeps.sweep_rows import all_runs
from ..experiments import explained_experiments
from ..front.objective import OBJECTIVE, by_objective
from ..subject import Subject, sweep_subject
from .measures import ImportanceError, request_shares
from .ped_anova import ImportanceRequest
from .results import (
    ImportanceResult,
    ImportanceView,
    PendingRequests,
    SweepImportance,
    importance_address,
    importance_view,
    known_importance,
    questions,
    remember_importance,
)

_locks: WeakKeyDictionary[object, anyio.Lock] = WeakKeyDictionary()

Explained = tuple[Subject, Sequence[Row]]
FindExplained = Callable[[Catalog], Explained | None]
"""Finds the current subject of a request, or None if it does not exist."""


@dataclass(frozen=True)
class ImportancePart:
    """The fields of `_importance.html` when it is rendered by itself."""

    importance: ImportanceView
    importance_part: str


async def importance(request: Request) -> Response:
    sweep_id: str = request.path_params["sweep_id"]
    state, query = request.app.state, request.query_params
    look = partial(_sweep, sweep_id=sweep_id, query=query, state=state)
    html = await _importance(request, look)
    if html is None:
        raise HTTPException(404, f"there is no sweep {sweep_id!r}")
    return HTMLResponse(html, headers={"cache-control": "no-store"})


async def importance_of_experiments(request: Request) -> Response:
    state, query = request.app.state, request.query_params
    html = await _importance(request, partial(_experiments, query=query, state=state))
    return HTMLResponse(html, headers={"cache-control": "no-store"})


def _sweep(catalog: Catalog, sweep_id: str, query: QueryParams, state: State) -> Explained | None:
    sweep = find_sweep(catalog, sweep_id)
    if sweep is None:
        return None
    rows = all_runs(sweep, state.feed.live_bests(sweep.id)).searched
    return by_objective(sweep_subject(sweep, state.log_readers), rows, query.get(OBJECTIVE))


def _experiments(catalog: Catalog, query: QueryParams, state: State) -> Explained:
    summaries = state.log_readers.summaries
    found = explained_experiments(catalog, query, state.experiment_colors, summaries)
    return found.subject, found.rows


async def _importance(request: Request, look: FindExplained) -> str | None:
    use = request.app.state.catalog.use
    found: Explained | None = await use(look)
    if found is None:
        return None
    key = found[0].key
    async with _locks.setdefault(key, anyio.Lock()):
        explained: Explained = await use(look) or found
        remember_importance(
            explained[0], await _answered(known_importance(explained[0]), questions(*explained))
        )
    html: str = await use(lambda catalog: _render(look(catalog) or found, request.query_params))
    return html


async def _answered(results: SweepImportance, asked: PendingRequests) -> SweepImportance:
    """Return the results after these questions. Both go to one process, which takes seconds to
    start."""
    found = iter(await _ask([one for one in (asked.best, asked.failing) if one is not None]))
    best = results.best if asked.best is None else next(found)
    if asked.failing is None:
        return SweepImportance(best, results.failing)
    n_failed = round(sum(asked.failing["values"]))
    return SweepImportance(best, replace(next(found), n_failed=n_failed))


async def _ask(asked: Sequence[ImportanceRequest]) -> list[ImportanceResult]:
    if not asked:
        return []
    try:
        answers = await request_shares(asked)
    except ImportanceError as error:
        return [ImportanceResult(len(one["values"]), problem=str(error)) for one in asked]
    return [
        ImportanceResult(len(one["values"]), answer["shares"], answer["version"])
        for one, answer in zip(asked, answers, strict=True)
    ]


def _render(explained: Explained, query: QueryParams) -> str:
    part = ImportancePart(
        importance_view(*explained, query), importance_address(explained[0], query)
    )
    return render_part("insight/_importance.html", part)


routes = [
    Route("/insight/importance", importance_of_experiments),
    Route("/insight/importance/{sweep_id:path}", importance),
]
