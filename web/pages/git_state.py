"""Whether the code of a run started by hand differed from its commit: found when its page asks."""

from html import escape
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.files.git_changes import TreeChanges, find_changes
from ml_tracking_ops.orchestrator.store.run_details import (
    RunDetails,
    read_details,
    was_written_here,
)

DIRTY = " + uncommitted changes"


def git_state_href(experiment: Experiment, details: RunDetails) -> str:
    """Return where the page asks, or empty if nothing can be found, or it is already known."""
    known = details.environment
    has_place = all(isinstance(known.get(key), str) for key in ("folder", "git_commit"))
    if not has_place or isinstance(known.get("git_is_dirty"), bool):
        return ""
    return f"/git/{quote(experiment.id)}" if was_written_here(experiment.dat_path) else ""


async def git_state(request: Request) -> Response:
    """`GET /git/EXPERIMENT`: a piece of a page."""
    run_id = request.path_params["run_id"]
    state = request.app.state

    def find(catalog: Catalog) -> Experiment | None:
        return catalog.experiments.get(run_id)

    experiment = await state.catalog.use(find)
    if experiment is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    found = await anyio.to_thread.run_sync(_find, experiment, limiter=state.git_limiter)
    return HTMLResponse(_words(found))


def _find(experiment: Experiment) -> TreeChanges | None:
    details = read_details(experiment.dat_path)
    if not git_state_href(experiment, details):
        return None
    known = details.environment
    folder = str(Path(known["folder"]))
    return find_changes(folder, known["git_commit"], experiment.started_at)


def _words(found: TreeChanges | None) -> str:
    if found is None or not found.n_before:
        return ""
    files = "1 file" if found.n_before == 1 else f"{found.n_before} files"
    title = f"{files} differed from the commit when the run began"
    return f'<span title="{escape(title)}">{escape(DIRTY)}</span>'


routes = [Route("/git/{run_id:path}", git_state)]
