"""The output of a run: its end for the page, earlier parts on demand, the whole as a download."""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.guarded import READ, open_guarded
from ml_tracking_ops.orchestrator.store.catalog import Catalog

from ...live.file_topics import decode_whole
from ...runs.catalog_access import find_run
from ...serving.byte_ranges import ByteRange
from ...serving.open_files import FileResponse, resumable
from ...serving.sse import encode_json

_END_BYTES = 64 << 10
_PART_BYTES = 256 << 10
_PART_LINES = 2_000
_TEXT = "text/plain; charset=utf-8"
NO_OUTPUT = "This run has no output: it was not started by a sweep, or its log is gone."


@dataclass(frozen=True, slots=True)
class OutputPart:
    """Text from byte `start` to byte `end` of an output that is now `size` bytes long."""

    text: str
    start: int
    end: int
    size: int


def read_end(path: Path) -> OutputPart | None:
    """Return the end of an output, from a whole line on, or None if there is no such file."""
    return _read(path, None, _END_BYTES)


def read_before(path: Path, before: int) -> OutputPart | None:
    """Return the part that ends at byte `before`, from a whole line on."""
    return _read(path, before, _PART_BYTES)


def read_after(path: Path, after: int) -> OutputPart | None:
    """Return the part that begins at byte `after`, to the end of a line."""
    with opened_output(path) as opened:
        if opened is None:
            return None
        fd, size = opened
        data = os_files.pread(fd, _PART_BYTES, after)
        if after + len(data) < size:
            cut = data.rfind(b"\n") + 1 or data.rfind(b"\r") + 1
            data = data[:cut] or data
        data = data[: _end_of_lines(data, _PART_LINES)]
        text, n_bytes = decode_whole(data)
        return OutputPart(text, after, after + n_bytes, size)


def _read(path: Path, stop: int | None, n_bytes: int) -> OutputPart | None:
    with opened_output(path) as opened:
        if opened is None:
            return None
        fd, size = opened
        stop = size if stop is None else min(stop, size)
        start = max(0, stop - n_bytes)
        data = os_files.pread(fd, stop - start, start)
        if start:
            cut = _first_whole_line(data)
            start, data = start + cut, data[cut:]
        cut = _begin_of_lines(data, _PART_LINES)
        start, data = start + cut, data[cut:]
        text, n_taken = decode_whole(data)
        return OutputPart(text, start, start + n_taken, size)


def _first_whole_line(data: bytes) -> int:
    """Return where the first complete line begins.

    A progress bar may continue in one line without end. Then its first redrawing, or at least a
    whole character, must suffice.
    """
    for mark in (b"\n", b"\r"):
        cut = data.find(mark, 0, len(data) - 1) + 1
        if cut:
            return cut
    return next((at for at in range(min(4, len(data))) if data[at] & 0xC0 != 0x80), 0)


def _begin_of_lines(data: bytes, n_lines: int) -> int:
    """Return where the last `n` lines begin."""
    at = len(data) - 1
    for _ in range(n_lines):
        at = data.rfind(b"\n", 0, max(0, at))
        if at < 0:
            return 0
    return at + 1


def _end_of_lines(data: bytes, n_lines: int) -> int:
    """Return where the first `n` lines end."""
    at = 0
    for _ in range(n_lines):
        at = data.find(b"\n", at) + 1
        if at == 0:
            return len(data)
    return at


@contextlib.contextmanager
def opened_output(path: Path) -> Iterator[tuple[int, int] | None]:
    """Yield a file's descriptor and its size, or None if there is no such file."""
    opened = _open(path)
    try:
        yield opened
    finally:
        if opened is not None:
            os.close(opened[0])


def _open(path: Path) -> tuple[int, int] | None:
    """Open a regular file. A FIFO must not hang, and a link must not lead elsewhere."""
    try:
        fd = open_guarded(path, READ)
    except OSError:
        return None
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode):
        return fd, status.st_size
    os.close(fd)
    return None


async def part(request: Request) -> Response:
    """`GET /api/output?run=ID&before=BYTE` (or `after`, or neither): a part of a run's output."""
    query = request.query_params
    path = await log_path(request, query.get("run", ""))
    before, after = parse_place(query.get("before")), parse_place(query.get("after"))

    def read() -> OutputPart | None:
        if before is not None:
            return read_before(path, before)
        return read_end(path) if after is None else read_after(path, after)

    found = await anyio.to_thread.run_sync(read)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_OUTPUT)
    body = encode_json(asdict(found))
    return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})


def parse_place(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 18:
        return int(text)
    raise HTTPException(400, f"{text}: a place in an output is a whole number, 0 or more")


async def download(request: Request) -> Response:
    """Return the whole output of a run so far, unchanged.

    If the run has ended, a part can be requested too, so that a download can be resumed.
    """
    run_id = request.path_params["run_id"]
    path = await log_path(request, run_id)
    is_over = await request.app.state.catalog.use(lambda catalog: _is_over(catalog, run_id))
    opened = await anyio.to_thread.run_sync(_open, path)
    if opened is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_OUTPUT)
    fd, size = opened
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(path.name)}"}
    if not is_over:
        return FileResponse(fd, ByteRange(0, size), headers, _TEXT)
    return resumable(request, fd, headers, _TEXT)


def _is_over(catalog: Catalog, run_id: str) -> bool:
    """Return whether nothing more is written to the output."""
    sweep_id, _, name = run_id.rpartition("/")
    sweep = catalog.sweeps.get(sweep_id)
    run = sweep.run(name) if sweep is not None else None
    return run is not None and run.has_ended


async def log_path(request: Request, run_id: str) -> Path:
    def find(catalog: Catalog) -> Path | None:
        files = find_run(catalog, run_id)
        return None if files is None else files.log_path

    path: Path | None = await request.app.state.catalog.use(find)
    if path is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_OUTPUT)
    return path


routes = [Route("/api/output", part), Route("/output/{run_id:path}", download)]
