"""The files in a run's own folder: listed on its page, shown if that is safe, downloaded.

A script may have written anything there. So images of a few kinds are sent with the type in their
names, texts as plain text, everything else as a download. No browser guesses the type, and nothing
in them runs.
"""

import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.files.run_files import list_files, open_file, suffix_of

from ...runs.catalog_access import find_run
from ...runs.formats import format_size
from ...serving.byte_ranges import ByteRange
from ...serving.open_files import FileResponse, resumable

_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_TEXTS = frozenset(
    (
        *(".txt", ".log", ".md", ".rst", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini"),
        *(".cfg", ".csv", ".tsv", ".py", ".sh", ".xml", ".html", ".svg", ".tex", ".diff", ".patch"),
    )
)
_SHOWN_BYTES = 1 << 20
_POLICY = "default-src 'none'; sandbox"
NO_FILE = "This run has no file of this name."


@dataclass(frozen=True)
class FileView:
    """A file as the page lists it.

    Attributes:
        href: its download, or None if its name cannot be in an address.
        show_href: where it is shown, or None for a kind that is not.
    """

    path: str
    size: str
    href: str | None
    show_href: str | None
    is_image: bool


@dataclass(frozen=True)
class FilesView:
    """The files of a run. `folder` contains them."""

    folder: str
    files: tuple[FileView, ...]
    is_whole: bool


def files_view(run_id: str | None, folder: Path | None) -> FilesView | None:
    """Return the files of a run, or None if there are none."""
    found = list_files(folder)
    if run_id is None or folder is None or not found.files:
        return None
    views = tuple(_view(run_id, file.path, file.size_bytes) for file in found.files)
    return FilesView(str(folder), views, found.is_whole)


def _view(run_id: str, path: str, size_bytes: int) -> FileView:
    suffix, size = suffix_of(path), format_size(size_bytes)
    try:
        href = f"/files/{quote(run_id)}?path={quote(path, safe='')}"
    except UnicodeEncodeError:  # the name is no UTF-8
        return FileView(path, size, None, None, is_image=False)
    is_image = suffix in _IMAGES
    show_href = f"{href}&show=1" if is_image or suffix in _TEXTS else None
    return FileView(path, size, href, show_href, is_image)


async def file(request: Request) -> Response:
    """`GET /files/RUN?path=PATH`: a download, or with `show=1` a view of what a browser may
    show."""
    run_id, path = request.path_params["run_id"], request.query_params.get("path", "")

    def find(catalog: Catalog) -> Path | None:
        files = find_run(catalog, run_id)
        return None if files is None else files.folder

    folder = await request.app.state.catalog.use(find)
    fd = None if folder is None else await anyio.to_thread.run_sync(open_file, folder, path)
    if fd is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_FILE)
    if request.query_params.get("show") == "1":
        return _shown(request, fd, suffix_of(path))
    name = quote(path.rpartition("/")[2])
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{name}"}
    return resumable(request, fd, headers, "application/octet-stream")


def _shown(request: Request, fd: int, suffix: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    if suffix in _IMAGES:
        return resumable(request, fd, headers, _IMAGES[suffix])
    if suffix not in _TEXTS:
        os.close(fd)
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This file can only be downloaded.")
    part = ByteRange(0, min(os.fstat(fd).st_size, _SHOWN_BYTES))
    return FileResponse(fd, part, headers, "text/plain; charset=utf-8")


routes = [Route("/files/{run_id:path}", file)]
