"""`GET /api/output/search?run=ID&q=WORDS&from=BYTE`: lines of the whole output of a run.

One answer does bounded work: it ends after a number of lines, bytes or seconds, and reports how far
it came. The next one continues from there.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.logger import os_files

from ...serving.sse import encode_json
from .output import NO_OUTPUT, log_path, opened_output, parse_place

MOST_LINES = 200
_MOST_BYTES = 256 << 20
_MOST_S = 1.0
_BLOCK_BYTES = 1 << 20
_SHOWN_BEFORE, _SHOWN = 40, 200
_MOST_WORDS = 200
_CONTROL = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]]")


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line from byte `start` to `end`, with the text around the match."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class OutputMatches:
    """The matches up to byte `searched_to` of an output that is `size` bytes long."""

    lines: list[FoundLine]
    searched_to: int
    size: int


def search_output(
    path: Path, words: str, start: int = 0, most_s: float = _MOST_S
) -> OutputMatches | None:
    """Return the lines that contain `words`, in upper or lower case, or None if there is no output.

    The visible text of a line is searched: without colours, and the last state of a progress bar.
    """
    with opened_output(path) as opened:
        if opened is None:
            return None
        fd, size = opened
        deadline = time.monotonic() + most_s
        lines: list[FoundLine] = []
        at = start
        for block_start, block in _blocks(fd, start, min(size, start + _MOST_BYTES)):
            for line in _lines_with(block, words.lower(), block_start):
                lines.append(line)
                if len(lines) >= MOST_LINES:
                    return OutputMatches(lines, line.end, size)
            at = block_start + len(block)
            if time.monotonic() > deadline:
                break
        return OutputMatches(lines, at, size)


def _blocks(fd: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines, about a block of them at a time. One without an end is cut."""
    at = start
    while at < stop:
        data = os_files.pread(fd, min(_BLOCK_BYTES, stop - at), at)
        if not data:
            return
        if at + len(data) < stop:
            data = data[: data.rfind(b"\n") + 1] or data
        yield at, data
        at += len(data)


def _lines_with(block: bytes, words: str, start: int) -> Iterator[FoundLine]:
    is_plain = b"\x1b" not in block
    if is_plain and words not in block.decode("utf-8", "replace").lower():
        return
    at = start
    for line in block.split(b"\n"):
        end = at + len(line)
        text = _shown(line)
        place = text.lower().find(words)
        if place >= 0:
            first = place - _SHOWN_BEFORE if place > 2 * _SHOWN_BEFORE else 0
            part = ("…" if first else "") + text[first : first + _SHOWN]
            yield FoundLine(at, min(end + 1, start + len(block)), part)
        at = end + 1


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r")
    if "\r" in text:
        text = text[text.rfind("\r") + 1 :]
    return _CONTROL.sub("", text) if "\x1b" in text else text


async def search(request: Request) -> Response:
    query = request.query_params
    words = query.get("q", "")
    if not words or len(words) > _MOST_WORDS:
        raise HTTPException(400, f"q: must be a string of 1 to {_MOST_WORDS} characters")
    start = parse_place(query.get("from")) or 0
    path = await log_path(request, query.get("run", ""))
    found = await anyio.to_thread.run_sync(search_output, path, words, start)
    if found is None:
        raise HTTPException(404, NO_OUTPUT)
    headers = {"cache-control": "no-cache"}
    return Response(encode_json(asdict(found)), media_type="application/json", headers=headers)


routes = [Route("/api/output/search", search)]
