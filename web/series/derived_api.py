"""`GET /api/derived?metric=NAME := EXPRESSION&run=ID`: whether these runs have such a metric."""

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.expressions.expression import ExpressionError

from ..runs.catalog_access import RunFiles, find_runs
from .api import parse_runs, read_in_thread
from .derived.definition import SIGN, define, is_derived, metric_name_problem, title_of
from .store import SeriesStore


async def derived(request: Request) -> Response:
    """Return what is wrong with a derived metric, in words, or null, and how many of the runs have
    it."""
    metric = request.query_params.get("metric", "")
    if not is_derived(metric):
        raise HTTPException(400, f"metric={metric}: must be NAME {SIGN} EXPRESSION")
    run_ids, state = parse_runs(request.query_params), request.app.state
    runs = await state.catalog.use(partial(find_runs, run_ids=run_ids))
    problem, n_runs = await read_in_thread(find_problem, state.series_store, runs, metric)
    return JSONResponse({"problem": problem, "n_runs": n_runs})


def find_problem(store: SeriesStore, runs: list[RunFiles], metric: str) -> tuple[str | None, int]:
    """Explain why none of the runs has a derived metric, or None, and count those that have it."""
    problem = metric_name_problem(title_of(metric))
    if problem is not None:
        return problem, 0
    paths = [run.dat_path for run in runs if run.dat_path is not None]
    known = [store.derived.names(path) for path in paths]
    try:
        names = define(metric, frozenset().union(*known)).names
    except ExpressionError as error:
        return str(error), 0
    n_runs = sum(one >= set(names) for one in known)
    return (None if n_runs else f"no run has all of {', '.join(names)}"), n_runs


routes = [Route("/api/derived", derived)]
