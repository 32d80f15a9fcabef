"""Answers with the bytes of an open file, whole or the part that a client requests."""

import os
from collections.abc import AsyncIterator
from http import HTTPStatus

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ml_tracking_ops.logger import os_files

from .byte_ranges import ByteRange, UnsatisfiableError, parse_range

_PART_BYTES = 256 << 10


def resumable(
    request: Request,
    fd: int,
    headers: dict[str, str],
    media_type: str,
    within: ByteRange | None = None,
) -> Response:
    """Return the file, or the requested part of it. Takes over the descriptor.

    It is sent uncompressed: only then do positions in the file have a meaning.

    Args:
        within: the part of the file that may be requested at all.
    """
    status = os.fstat(fd)
    whole = within or ByteRange(0, status.st_size)
    start, size = whole.start, whole.stop - whole.start
    tag = f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{start:x}-{size:x}"'
    is_same = request.headers.get("if-range", tag) == tag
    try:
        part = parse_range(request.headers.get("range") if is_same else None, size)
    except UnsatisfiableError:
        os.close(fd)
        headers = {"Content-Range": f"bytes */{size}"}
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    shown = part or ByteRange(0, size)
    headers = {
        **headers,
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Content-Encoding": "identity",
        "Content-Length": str(shown.stop - shown.start),
    }
    found = ByteRange(start + shown.start, start + shown.stop)
    if part is None:
        return FileResponse(fd, found, headers, media_type)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return FileResponse(fd, found, headers, media_type, HTTPStatus.PARTIAL_CONTENT)


class FileResponse(StreamingResponse):
    """The bytes of a descriptor, which is always closed."""

    def __init__(
        self,
        fd: int,
        part: ByteRange,
        headers: dict[str, str],
        media_type: str,
        status: int = HTTPStatus.OK,
    ) -> None:
        self._fd = fd
        super().__init__(_parts(fd, part), status, headers=headers, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self._fd)


async def _parts(fd: int, part: ByteRange) -> AsyncIterator[bytes]:
    at = part.start
    while at < part.stop:
        data = await anyio.to_thread.run_sync(
            os_files.pread, fd, min(_PART_BYTES, part.stop - at), at
        )
        if not data:  # it was cut meanwhile
            return
        at += len(data)
        yield data
