"""`POST /api/…`: the actions on pages. `guard` accepts only our own pages.

Everything here works through files, so another process may serve the next page. Nothing else
changes the log folder: viewing leaves it as it is.
"""

import platform
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict, TypeVar, get_args

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.errors import SweepError, TrackingError
from ml_tracking_ops.orchestrator.steering.asking import send_requests
from ml_tracking_ops.orchestrator.steering.background import resume_in_background
from ml_tracking_ops.orchestrator.steering.requests import Action, new_request
from ml_tracking_ops.orchestrator.store.annotations import (
    Annotation,
    clean_name,
    clean_note,
    clean_tags,
    edit,
)
from ml_tracking_ops.orchestrator.store.catalog import Catalog, FoundRun, find_item
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.removal.housekeeping import (
    archive,
    delete,
    place_of,
    plan_deletion,
)
from ml_tracking_ops.orchestrator.store.removal.runs import archive_runs, delete_runs
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.formats import format_count
from ..series.chosen_goals import choose_goal
from ..serving import guard
from ..serving.guard import JsonObject, field, text_list_field
from ..serving.reach.loopback import is_loopback
from ..serving.sse import encode_json
from .resuming import check_may_start

T = TypeVar("T")
_ANSWER_WITHIN_S = 5.0
_MOST_RUNS = 1_000
_MOST_OTHERS = 5
_STATUS = {
    "done": HTTPStatus.OK,
    "recorded": HTTPStatus.OK,
    "unanswered": HTTPStatus.ACCEPTED,
    "refused": HTTPStatus.CONFLICT,
}


class AnnotationChange(TypedDict, total=False):
    """The annotation fields in a request."""

    name: str | None
    note: str
    tags: tuple[str, ...]


def guarded_action(
    act: Callable[[Request, JsonObject], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Guard an action, and explain its errors."""

    async def guarded(request: Request) -> Response:
        guard.check(request, request.app.state.csrf)
        body = await guard.read_body(request)
        try:
            return await act(request, body)
        except SweepError as error:
            raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error
        except TrackingError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error

    return guarded


def message_response(message: str, status: int = HTTPStatus.OK, **more: Any) -> Response:
    return Response(encode_json({"message": message, **more}), status, None, "application/json")


async def control(request: Request, body: JsonObject) -> Response:
    """Send requests to a sweep's orchestrator, and report the outcome."""
    action: Action = field(body, "action", str)
    if action not in get_args(Action):
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"action: one of {', '.join(get_args(Action))}")
    index, n_workers = field(body, "run", int, None), field(body, "n_workers", int, None)
    indices = _numbers(body, "runs") if "runs" in body else [index]
    sweep_id = field(body, "sweep", str)
    find_sweep = partial(_find_sweep, sweep_id=sweep_id)
    sweep: Sweep = await request.app.state.catalog.use(find_sweep)
    folder, is_paused = sweep.path, sweep.record.is_paused
    by = _who(request)
    asked = [new_request(action, by, index=one, n_workers=n_workers) for one in indices]
    answers = await in_thread(request, partial(send_requests, folder, asked, _ANSWER_WITHIN_S))
    answer = max(answers, key=lambda answer: _STATUS[answer.outcome])  # the worst of them
    message = answer.message
    if len(answers) > 1 and answer.is_met:
        message = _of_many(len(answers), action, answer.outcome, is_paused=is_paused)
    if answer.outcome == "recorded" and field(body, "resume", bool, False):
        return await _resume(request, sweep)
    extra = {"error": message} if answer.outcome == "refused" else {}
    return message_response(message, _STATUS[answer.outcome], outcome=answer.outcome, **extra)


async def resume(request: Request, body: JsonObject) -> Response:
    """Continue a sweep in the background."""
    sweep_id = field(body, "sweep", str)
    find_sweep = partial(_find_sweep, sweep_id=sweep_id)
    return await _resume(request, await request.app.state.catalog.use(find_sweep))


def _find_sweep(catalog: Catalog, sweep_id: str) -> Sweep:
    return _find(catalog.sweeps, sweep_id)


async def _resume(request: Request, sweep: Sweep) -> Response:
    check_may_start(request)
    await in_thread(request, partial(resume_in_background, sweep.path))
    await _look_again(request)
    return message_response(f"{sweep.name} continues in the background on {platform.node()}")


def _of_many(n: int, action: Action, outcome: str, *, is_paused: bool) -> str:
    """Summarize the outcome for several runs."""
    if action == "stop":
        return f"{format_count(n)} runs will not run again"
    if outcome != "done":
        return f"{format_count(n)} runs run again when the sweep is resumed"
    when = "when the sweep continues: it is paused" if is_paused else "in free slots"
    return f"{format_count(n)} runs run again {when}"


def _numbers(body: JsonObject, name: str) -> list[int]:
    """Return the numbers of runs in a body."""
    found = field(body, name, list)
    if not found or len(found) > _MOST_RUNS or not all(type(one) is int for one in found):
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, f"{name} must be a list of 1 to {_MOST_RUNS} numbers of runs"
        )
    return list(found)


async def annotate(request: Request, body: JsonObject) -> Response:
    """Change a name, a note or tags. Missing fields stay as they are.

    With `was`, the fields when the user began, nothing is changed if one of them has changed
    meanwhile (409).
    """
    changes, was = _annotation_change(body), _annotation_change(field(body, "was", dict, {}))
    folder, key = await request.app.state.catalog.use(lambda catalog: _annotated(catalog, body))

    def change(known: Annotation) -> Annotation:
        for name, begun in was.items():
            now = getattr(known, name)
            if now not in (begun, changes.get(name, now)):
                raise HTTPException(HTTPStatus.CONFLICT, _changed_meanwhile(name, now))
        return replace(known, **changes)

    annotation = await in_thread(request, partial(edit, folder, key, change))
    await _look_again(request)
    return message_response(
        "saved", name=annotation.name, note=annotation.note, tags=list(annotation.tags)
    )


def _annotation_change(body: JsonObject) -> AnnotationChange:
    """Return the annotation fields in a body, in the form that is stored."""
    change: AnnotationChange = {}
    if "name" in body:
        change["name"] = clean_name(field(body, "name", str))
    if "note" in body:
        change["note"] = clean_note(field(body, "note", str))
    if "tags" in body:
        change["tags"] = clean_tags(text_list_field(body, "tags"))
    return change


def _changed_meanwhile(name: str, now: str | tuple[str, ...] | None) -> str:
    text = now if isinstance(now, str) else ", ".join(now or ())
    become = f"changed to “{text}”" if text else "removed"
    verb = "were" if name == "tags" else "was"
    return f"the {name} {verb} {become} meanwhile: save again to replace that"


async def tag(request: Request, body: JsonObject) -> Response:
    """Add a tag to runs of any kind, or remove it. All other tags stay."""
    (word,) = clean_tags([field(body, "tag", str)]) or ("",)
    if not word:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "tag: it is empty")
    is_removed, ids = field(body, "removed", bool, False), text_list_field(body, "runs")
    if not 0 < len(ids) <= _MOST_RUNS:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"runs: 1 to {_MOST_RUNS} are needed")

    def change(known: Annotation) -> Annotation:
        others = [one for one in known.tags if one != word]
        return replace(known, tags=clean_tags(others if is_removed else [*known.tags, word]))

    places = await request.app.state.catalog.use(
        lambda catalog: [_place_of_run(catalog, one) for one in dict.fromkeys(ids)]
    )
    try:
        for folder, key in places:
            await in_thread(request, partial(edit, folder, key, change))
    finally:
        await _look_again(request)
    n = "1 run" if len(places) == 1 else f"{format_count(len(places))} runs"
    done = f"“{word}” is removed from" if is_removed else f"“{word}” is added to"
    return message_response(f"{done} {n}")


def _place_of_run(catalog: Catalog, run_id: str) -> tuple[Path, str | int | None]:
    """Return where the annotation of a run or an experiment is stored, by its id."""
    if run_id in catalog.experiments:
        return place_of(catalog.experiments[run_id])
    sweep_id, _, name = run_id.rpartition("/")
    run = sweep.run(name) if (sweep := catalog.sweeps.get(sweep_id)) is not None else None
    if sweep is None or run is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is nothing named {run_id[:100]!r} here")
    return sweep.path, run.index


async def choose(request: Request, body: JsonObject) -> Response:
    """Record whether lower or higher values of a metric are better."""
    metric, goal = field(body, "metric", str), field(body, "goal", str)
    if goal not in get_args(Goal):
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"goal: one of {', '.join(get_args(Goal))}")
    await in_thread(request, partial(choose_goal, request.app.state.logdir, metric, goal))
    return message_response(
        f"{'lower' if goal == 'min' else 'higher'} values of {metric} are better"
    )


async def archive_named(request: Request, body: JsonObject) -> Response:
    """Archive items, or restore them."""
    is_archived = field(body, "archived", bool)
    done = "archived" if is_archived else "in the lists again"
    if "runs" in body:
        change = partial(archive_runs, is_archived=is_archived)
        return await _with_runs(request, body, change, f"are {done}")

    def work(items: list[Experiment | Sweep]) -> None:
        for item in items:
            archive(item, is_archived=is_archived)

    return await _with_items(request, body, work, done)


async def delete_items(request: Request, body: JsonObject) -> Response:
    """Delete items permanently. The page has asked for confirmation."""
    logdir: Path = request.app.state.logdir
    with_others = field(body, "all_files", bool, None) is True
    if "runs" in body:
        return await _with_runs(request, body, partial(delete_runs, logdir=logdir), "are deleted")

    def work(items: list[Experiment | Sweep]) -> None:
        for item in items:
            plan_deletion(item, logdir)
        for item in items:
            delete(item, logdir, with_others=with_others)

    return await _with_items(request, body, work, "deleted", "was", "were")


async def preview_removal(request: Request, body: JsonObject) -> Response:
    """Return which files deleting items would leave, since our processes did not write them."""
    logdir: Path = request.app.state.logdir
    if "runs" in body:
        return JSONResponse({"n_others": 0, "others": []})  # only their own files are deleted
    paths = await _paths_of(request, body)

    def look() -> list[str]:
        plans = [plan_deletion(_open(path), logdir) for path in paths]
        return [f"{plan.folder.name}/{name}" for plan in plans for name in plan.others]

    others = await in_thread(request, look)
    return JSONResponse({"n_others": len(others), "others": others[:_MOST_OTHERS]})


async def _with_runs(
    request: Request, body: JsonObject, change: Callable[[Sweep, list[int]], object], done: str
) -> Response:
    """Change runs of one sweep, by the numbers in the body."""
    indices, sweep_id = _numbers(body, "runs"), field(body, "sweep", str)
    find_sweep = partial(_find_sweep, sweep_id=sweep_id)
    path = (await request.app.state.catalog.use(find_sweep, refresh=True)).path

    def work() -> None:
        sweep = _open(path)
        assert isinstance(sweep, Sweep)
        change(sweep, indices)

    try:
        await in_thread(request, work)
    finally:
        await _look_again(request)
    n = len(indices)
    text = f"run {indices[0]} {done.replace('are', 'is', 1)}" if n == 1 else ""
    return message_response(text or f"{format_count(n)} runs {done}")


async def _with_items(
    request: Request,
    body: JsonObject,
    work: Callable[[list[Experiment | Sweep]], None],
    done: str,
    one: str = "is",
    many: str = "are",
) -> Response:
    found = await _paths_of(request, body)
    try:
        await in_thread(request, lambda: work([_open(path) for path in found]))
    finally:
        await _look_again(request)
    names = [*text_list_field(body, "experiments"), *text_list_field(body, "sweeps")]
    what = f"“{names[0]}” {one}" if len(names) == 1 else f"{format_count(len(names))} {many}"
    return message_response(f"{what} {done}")


async def _paths_of(request: Request, body: JsonObject) -> list[Path]:
    """Return the logs and folders that a request names."""
    experiments, sweeps = text_list_field(body, "experiments"), text_list_field(body, "sweeps")
    if not experiments and not sweeps:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "nothing is named: experiments or sweeps")

    def find_paths(catalog: Catalog) -> list[Path]:
        return [
            *(_find(catalog.experiments, identity).dat_path for identity in experiments),
            *(_find(catalog.sweeps, identity).path for identity in sweeps),
        ]

    found: list[Path] = await request.app.state.catalog.use(find_paths, refresh=True)
    return found


def _open(path: Path) -> Experiment | Sweep:
    """Open the sweep again: the catalog's object belongs to its user."""
    found = find_item(str(path), path.parent)
    assert not isinstance(found, FoundRun)  # the catalog knows the sweep's folder
    return found


def _annotated(catalog: Catalog, body: JsonObject) -> tuple[Path, str | int | None]:
    """Return the folder of an item, and its key there."""
    if "experiment" in body:
        return place_of(_find(catalog.experiments, field(body, "experiment", str)))
    sweep = _find(catalog.sweeps, field(body, "sweep", str))
    index = field(body, "run", int, None)
    if index is None:
        return place_of(sweep)
    if index not in sweep.record.runs:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"{sweep.name} has no run {index}")
    return sweep.path, index


def _find(known: dict[str, T], identity: str) -> T:
    """Find an item in the catalog. No other path can be acted on."""
    if identity not in known:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is nothing named {identity[:100]!r} here")
    return known[identity]


def _who(request: Request) -> str:
    host = request.client.host if request.client else "127.0.0.1"
    return "dashboard" if is_loopback(host) else f"dashboard, from {host}"


async def in_thread(request: Request, work: Callable[[], T]) -> T:
    """Run a function in one of a few threads: waiting for an orchestrator must not block pages."""
    return await anyio.to_thread.run_sync(work, limiter=request.app.state.action_limiter)


async def _look_again(request: Request) -> None:
    """Make the next page show the result, however soon it comes."""
    await request.app.state.catalog.use(lambda catalog: None, refresh=True)


routes = [
    Route("/api/control", guarded_action(control), methods=["POST"]),
    Route("/api/resume", guarded_action(resume), methods=["POST"]),
    Route("/api/annotate", guarded_action(annotate), methods=["POST"]),
    Route("/api/tag", guarded_action(tag), methods=["POST"]),
    Route("/api/goal", guarded_action(choose), methods=["POST"]),
    Route("/api/archive", guarded_action(archive_named), methods=["POST"]),
    Route("/api/delete", guarded_action(delete_items), methods=["POST"]),
    Route("/api/deletion", guarded_action(preview_removal), methods=["POST"]),
]
