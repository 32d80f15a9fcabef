"""The code that a sweep kept: links on its page, shown as text, downloaded."""

import stat
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator.store.files.run_files import open_file
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ...runs.catalog_access import find_sweep
from ...runs.formats import format_size
from ...serving.open_files import resumable

_TITLES = {
    paths.CHANGES_NAME: "Uncommitted changes",
    paths.PACKAGES_NAME: "Installed packages",
}
_POLICY = "default-src 'none'; sandbox"
NO_FILE = "This sweep kept no such file."


@dataclass(frozen=True)
class CodeFile:
    """`href` shows it as text, `download_href` downloads it."""

    title: str
    name: str
    size: str
    href: str
    download_href: str


def code_files(sweep: Sweep) -> list[CodeFile]:
    """Return those that the sweep has."""
    found = ((name, title, _size_bytes(sweep, name)) for name, title in _TITLES.items())
    return [
        CodeFile(title, name, format_size(size), href, f"{href}&download=1")
        for name, title, size in found
        if size is not None
        for href in (f"/code/{quote(sweep.id)}?name={name}",)
    ]


def _size_bytes(sweep: Sweep, name: str) -> int | None:
    try:
        status = (sweep.path / name).lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


async def code_file(request: Request) -> Response:
    """`GET /code/SWEEP?name=changes.diff`: as text, or with `download=1` as a file."""
    sweep_id, query = request.path_params["sweep_id"], request.query_params
    name = query.get("name", "")
    sweep = await request.app.state.catalog.use(lambda catalog: find_sweep(catalog, sweep_id))
    is_known = sweep is not None and name in _TITLES
    fd = await anyio.to_thread.run_sync(open_file, sweep.path, name) if is_known else None
    if fd is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_FILE)
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    if query.get("download") == "1":
        headers["Content-Disposition"] = f"attachment; filename={name}"
    return resumable(request, fd, headers, "text/plain; charset=utf-8")


routes = [Route("/code/{sweep_id:path}", code_file)]
