"""`GET /api/run-values?run=ID&by=p.NAME`: one value of each run, for the colour of its curve.

`by` is ``state``, ``tag``, ``p.NAME`` (a hyperparameter, or a key of the configuration) or
``m.METRIC`` (the best value, or the last if it is not known which values are good).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypedDict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.files.fields import is_number
from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_details import config_of
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RunState

from ..runs.formats import format_number
from ..series.api import parse_runs
from ..series.experiment_states import state_of
from ..series.goals import Goals
from ..series.readers import LogReaders
from ..series.summaries import LogToRead
from ..serving.sse import encode_json
from ..tables.query import HYPERPARAMETER, METRIC

_READING_S = 0.5
_MOST_CATEGORIES = 60
_OTHERS = "others"
STATE, TAG = "state", "tag"


class ValuesAnswer(TypedDict):
    """`values` has one for each requested run, None if it has none.

    Numbers stay numbers if all of them are. Everything else is a text.
    """

    by: str
    kind: Literal["number", "category"]
    values: list[float | None] | list[str | None]
    n_unread: int


@dataclass(frozen=True)
class RunFacts:
    """The facts about a run that can be requested."""

    state: RunState
    tags: Sequence[str]
    settings: Mapping[str, Any]
    dat_path: Path | None
    own_goals: Mapping[str, Goal]


def known_run(catalog: Catalog, run_id: str) -> RunFacts | None:
    """Return the facts about the run with this id, of any kind."""
    experiment = catalog.experiments.get(run_id)
    if experiment is not None:
        tags, config = experiment.annotation.tags, config_of(experiment.dat_path)
        return RunFacts(state_of(experiment)[0], tags, config, experiment.dat_path, {})
    sweep_id, _, name = run_id.rpartition("/")
    sweep = catalog.sweeps.get(sweep_id)
    run = sweep.run(name) if sweep is not None else None
    if sweep is None or run is None:
        return None
    path, tags = sweep.dat_path(run), sweep.annotations.run(run.index).tags
    metric, goal = sweep.optimization_metric, sweep.optimization_goal
    goals: dict[str, Goal] = {metric: goal} if metric is not None and goal is not None else {}
    config = {} if path is None else config_of(path)
    return RunFacts(run.state, tags, {**config, **run.hyperparameters}, path, goals)


def run_values(
    catalog: Catalog, run_ids: Iterable[str], by: str, readers: LogReaders
) -> ValuesAnswer:
    """Return one value of each run.

    Raises:
        HTTPException: 400, `by` is not known.
    """
    runs = [known_run(catalog, run_id) for run_id in run_ids]
    n_unread = 0
    values: list[object]
    if by.startswith(METRIC):
        values, n_unread = _metric_values(runs, by.removeprefix(METRIC), readers)
    elif by.startswith(HYPERPARAMETER):
        name = by.removeprefix(HYPERPARAMETER)
        values = [None if run is None else run.settings.get(name) for run in runs]
    elif by == STATE:
        values = [None if run is None else run.state for run in runs]
    elif by == TAG:
        values = [", ".join(sorted(run.tags)) or None if run else None for run in runs]
    else:
        raise HTTPException(400, f"by={by}: must be state, tag, p.NAME or m.METRIC")
    return _answer(by, values, n_unread)


def _metric_values(
    runs: Sequence[RunFacts | None], metric: str, readers: LogReaders
) -> tuple[list[object], int]:
    logs = [
        LogToRead(run.dat_path, run.state in ENDS)
        for run in runs
        if run is not None and run.dat_path is not None
    ]
    known, n_unread = readers.summaries.read(logs, _READING_S)
    own = {name: goal for run in runs if run is not None for name, goal in run.own_goals.items()}
    chosen, logged = readers.summaries.chosen_goals(), readers.summaries.logged_goals(logs)
    goal = Goals(own, chosen, logged).of(metric)
    values: list[object] = []
    for run in runs:
        path = None if run is None else run.dat_path
        found = None if path is None else known.get(path, {}).get(metric)
        best = {"min": found.min, "max": found.max, None: found.last}[goal] if found else None
        values.append(best)
    return values, n_unread


def _answer(by: str, values: Sequence[object], n_unread: int) -> ValuesAnswer:
    numbers = [_number(value) for value in values]
    given = [value for value in values if value is not None]
    if given and all(is_number(value) for value in given):
        return {"by": by, "kind": "number", "values": numbers, "n_unread": n_unread}
    texts = [None if value is None else format_number(value) for value in values]
    kept = set(sorted({text for text in texts if text is not None})[:_MOST_CATEGORIES])
    shown = [text if text is None or text in kept else _OTHERS for text in texts]
    return {"by": by, "kind": "category", "values": shown, "n_unread": n_unread}


def _number(value: object) -> float | None:
    """Return a finite number that a script can hold, or None for anything else."""
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


async def values(request: Request) -> Response:
    """Return the values of the runs that the address names, in its order."""
    query, state = request.query_params, request.app.state
    find = partial(
        run_values,
        run_ids=parse_runs(query),
        by=query.get("by", ""),
        readers=state.log_readers,
    )
    answer = await state.catalog.use(find)
    headers = {"cache-control": "no-cache"}
    return Response(encode_json(answer), media_type="application/json", headers=headers)


def offered_settings(settings: Iterable[Mapping[str, Any]], most: int = 200) -> list[str]:
    """Return the names of the settings in which runs differ, in the order of first occurrence."""
    first: dict[str, object] = {}
    n_having: dict[str, int] = {}
    differing: set[str] = set()
    n_runs = 0
    for one in settings:
        n_runs += 1
        for name, value in one.items():
            n_having[name] = n_having.get(name, 0) + 1
            if first.setdefault(name, value) != value:
                differing.add(name)
    names = [name for name, n in n_having.items() if n < n_runs or name in differing]
    return names[:most]


routes: list[BaseRoute] = [Route("/api/run-values", values)]
