"""The data for the drawings of a sweep. Each answer has the cursor for the next one.

    GET /api/insight/SWEEP?since=CURSOR   the runs as columns; then only those that have changed,
                                          and the running ones; `passing` are those that pass the
                                          filters of a table (`q`, `state`, `p.NAME`, `m.METRIC`);
                                          `up=METRIC&of=last` adds a column with its values,
                                          and `more=last.METRIC` others, by this name;
                                          `objective=METRIC` selects one of several as the value
    GET /api/insight?run=ID&objective=METRIC
                                          the same for experiments, always all data: those named, or
                                          those that the page of experiments lists
    GET /api/workers/SWEEP?since=CURSOR   what ran in which slot; then only from the first span on
                                          that may have changed

A cursor of another server, or of a journal that was replaced meanwhile, is answered with all data.
`/insight/importance/SWEEP` is a part of the page that takes a while to compute.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypedDict

from starlette.datastructures import QueryParams, State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RUN_STATES, SUBMITTED
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.catalog_access import find_sweep
from ..serving.sse import encode_json
from ..tables.grouping.combination_rows import combination_rows
from ..tables.query import HYPERPARAMETER, METRIC, parse_table_query
from ..tables.rows import Row
from ..tables.sweeps.sweep_rows import SelectedRuns, select_runs, with_run_summaries
from .columns import SweepColumns, asked_columns, asked_value, describe_experiments, insight_columns
from .experiments import explained_experiments
from .front.objective import OBJECTIVE, chosen_objective, judged_by
from .front.provisional import with_values_so_far
from .front.view import FrontColumns, describe_front
from .pool_history import SpanColumns, describe_spans, pool_of

_OF_TABLE = ("q", "where", "derive", "state", "repeats")
_PARAMETERS = ("since", *_OF_TABLE, "up", "of", "more", OBJECTIVE)
_OF_EXPERIMENTS = ("run", "archived")
_PREFIXES = (HYPERPARAMETER, METRIC)
_READING_S = 0.3


class RunsAnswer(SweepColumns):
    """`passing`: the runs that pass the filters of the table, or None without filters.

    `front`: None without several objectives.
    """

    is_complete: bool
    front: FrontColumns | None
    metric: str | None
    goal: Goal | None
    passing: list[int] | None
    n_unread: int


class SpansAnswer(TypedDict):
    """`now`: seconds since the sweep began, or how long it took."""

    first: int
    states: Sequence[str]
    spans: SpanColumns
    now: float


Answer = RunsAnswer | SpansAnswer
BuildAnswer = Callable[[Sweep, QueryParams, int | None, Any], tuple[int, Answer]]


class JournalGenerations:
    """Numbers that distinguish the journals of a sweep, if one is replaced by another."""

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


def keep_state(state: State) -> None:
    """Keep what the requests share."""
    state.generations = JournalGenerations()


async def insight(request: Request) -> Response:
    return await _answer(request, _runs)


async def insight_of_experiments(request: Request) -> Response:
    query, state = request.query_params, request.app.state
    _check(query, (*_PARAMETERS, *_OF_EXPERIMENTS))
    body = await state.catalog.use(partial(_encode_experiments, query=query, app_state=state))
    return _respond(request, body)


def _encode_experiments(catalog: Catalog, *, query: QueryParams, app_state: Any) -> bytes:
    summaries = app_state.log_readers.summaries
    found = explained_experiments(catalog, query, app_state.experiment_colors, summaries)
    subject = found.subject
    up = asked_value(query, subject.metric)
    answer: RunsAnswer = {
        "is_complete": True,
        "front": None,
        "metric": subject.metric,
        "goal": subject.goal,
        "passing": None if found.passing is None else sorted(found.passing),
        "n_unread": found.n_unread,
        **describe_experiments(
            found.rows, subject.started_at, up, found.columns.goals, asked_columns(query)
        ),
    }
    return encode_json({"cursor": None, **answer})


async def workers(request: Request) -> Response:
    return await _answer(request, _spans)


async def _answer(request: Request, build: BuildAnswer) -> Response:
    """Find and encode the answer in a worker thread."""
    _check(request.query_params, _PARAMETERS)
    sweep_id: str = request.path_params["sweep_id"]
    state = request.app.state
    query = request.query_params
    body = await state.catalog.use(
        partial(_encode, build=build, sweep_id=sweep_id, query=query, app_state=state)
    )
    if body is None:
        raise HTTPException(404, f"there is no sweep {sweep_id!r}")
    return _respond(request, body)


def _check(query: QueryParams, known: Sequence[str]) -> None:
    for name in query:
        if name not in known and not name.startswith(_PREFIXES):
            allowed = ", ".join((*known, "p.NAME", "m.METRIC"))
            raise HTTPException(400, f"{name}: not known. Allowed: {allowed}")


def _respond(request: Request, body: bytes) -> Response:
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _encode(
    catalog: Catalog, *, build: BuildAnswer, sweep_id: str, query: QueryParams, app_state: Any
) -> bytes | None:
    sweep = find_sweep(catalog, sweep_id)
    if sweep is None:
        return None
    generation = app_state.generations.of(sweep)
    known, _, place = query.get("since", "").rpartition(".")
    is_ours = known == generation and place.isascii() and place.isdecimal() and len(place) < 16
    at, answer = build(sweep, query, int(place) if is_ours else None, app_state)
    return encode_json({"cursor": f"{generation}.{at}", **answer})


def _runs(
    sweep: Sweep, query: QueryParams, since: int | None, app_state: Any
) -> tuple[int, Answer]:
    live = app_state.feed.live_bests(sweep.id)
    summaries = app_state.log_readers.summaries
    changed = _changed(sweep, since)
    asked = parse_table_query(query)
    found = select_runs(sweep, asked, live, summaries, _READING_S)
    n_unread, up = 0, asked_value(query, sweep.optimization_metric)
    rows: Sequence[Row] = found.every.searched
    more = asked_columns(query)
    if up is not None or more:
        rows, n_unread = with_run_summaries(sweep, [*rows], summaries, _READING_S)
    if not found.are_apart:
        return _combinations(sweep, rows, found, changed, up, n_unread, more)
    started_at = sweep.record.started_at or sweep.started_at
    rows, n_open = with_values_so_far(
        sweep.aims, rows, lambda some: with_run_summaries(sweep, [*some], summaries, _READING_S)
    )
    metric, goal, n_unread = sweep.optimization_metric, sweep.optimization_goal, n_unread + n_open
    one = chosen_objective(sweep.aims, query.get(OBJECTIVE)) if OBJECTIVE in query else None
    front = describe_front(sweep, rows, started_at) if sweep.aims.objectives else None
    if one is not None:
        metric, goal, rows = one.metric, one.goal, judged_by(one.metric, rows)
    return len(sweep.changes), {
        "is_complete": changed is None,
        "metric": metric,
        "goal": goal,
        "front": front,
        "passing": [row.index for row in found.rows] if asked.is_filtered else None,
        "n_unread": n_unread,
        **insight_columns(rows, sweep.config, started_at, changed, up, found.columns.goals, more),
    }


def _combinations(
    sweep: Sweep,
    runs: Sequence[Row],
    found: SelectedRuns,
    changed: set[int] | None,
    up: str | None,
    n_unread: int,
    more: Sequence[str],
) -> tuple[int, Answer]:
    """Return the combinations of a sweep with repeats. One passes if any of its runs does."""
    number = {run.index: run.combination.number for run in runs if run.combination is not None}
    rows = combination_rows(runs, found.every.seed_name)
    started_at = sweep.record.started_at or sweep.started_at
    passing = list(dict.fromkeys(number[row.index] for row in found.rows))
    sent = None if changed is None else {number[index] for index in changed if index in number}
    return len(sweep.changes), {
        "is_complete": changed is None,
        "metric": sweep.optimization_metric,
        "goal": sweep.optimization_goal,
        "front": None,
        "passing": passing if found.is_filtered else None,
        "n_unread": n_unread,
        **insight_columns(rows, sweep.config, started_at, sent, up, found.columns.goals, more),
    }


def _changed(sweep: Sweep, since: int | None) -> set[int] | None:
    """Return the runs that a page which knows all up to `since` lacks. None means all of them."""
    if since is None or since > len(sweep.changes):
        return None
    changed = {index for index in sweep.changes[since:] if index is not None}
    going_on = {run.index for run in sweep.record.runs.values() if run.state in SUBMITTED}
    return changed | going_on


def _spans(
    sweep: Sweep, query: QueryParams, since: int | None, app_state: Any
) -> tuple[int, Answer]:
    pool = pool_of(sweep)
    first = since if since is not None and since <= len(pool.spans) else 0
    start = pool.sessions[0].started_at if pool.sessions else 0.0
    is_going_on = sweep.record.state not in ENDS
    return pool.first_open, {
        "first": first,
        "states": RUN_STATES,
        "spans": describe_spans(pool, first, RUN_STATES),
        "now": max(0.0, (time.time() if is_going_on else pool.latest_at) - start),
    }


routes = [
    Route("/api/insight", insight_of_experiments),
    Route("/api/insight/{sweep_id:path}", insight),
    Route("/api/workers/{sweep_id:path}", workers),
]
