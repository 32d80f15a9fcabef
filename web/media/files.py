"""`GET /media`: the bytes of an image or a sound. Their type is determined by the bytes alone.

All answers forbid guessing the type and running anything. SVG is sent only to an `img` element,
where none of its scripts run and nothing is loaded. In all other cases, and if it is no image or
sound, it is a download. No cache keeps SVG: the answer depends on who requests it.
"""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.logger.media.encoding.contents import HEAD_BYTES, Content, content_of
from ml_tracking_ops.logger.media.entries import MediaEntry
from ml_tracking_ops.logger.media.opening import MediaPart, open_media

from ..serving.byte_ranges import ByteRange
from ..serving.open_files import resumable
from .items import version_of, why_not_shown
from .lookup import entry_at, parse_asked
from .run_history import use_history
from .thumbnails import LARGE_PX, SIDE_PX, thumbnail

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
_FOR_GOOD = "private, max-age=31536000, immutable"
_SIDES_PX = {"1": SIDE_PX, "2": LARGE_PX}
_THUMB_FROM = 64 << 20
_NO_FILE = "This file no longer exists, or is not the one that was logged."


@dataclass(frozen=True)
class OpenMedia:
    """The bytes of an entry, open, and their type."""

    entry: MediaEntry
    part: MediaPart
    content: Content | None


async def media(request: Request) -> Response:
    """`GET /media?run=ID&kind=KIND&name=NAME&step=N`: the bytes of an image or a sound.

    With `thumb=1` a small image, with `thumb=2` one of twice its size, with `svg=1` the SVG beside
    it, with `download=1` a download.
    """
    asked = parse_asked(request.query_params)
    as_svg = request.query_params.get("svg") == "1"
    entry = await use_history(request, asked.run, partial(entry_at, asked=asked))
    found = await anyio.to_thread.run_sync(partial(_open, entry, as_svg=as_svg))
    headers = {**_HEADERS, "Cache-Control": "no-cache"}
    if request.query_params.get("v") == version_of(entry):
        headers["Cache-Control"] = _FOR_GOOD
    side_px = _SIDES_PX.get(request.query_params.get("thumb", ""))
    if side_px is not None:
        small = await anyio.to_thread.run_sync(_thumbnail, request, found, side_px)
        if small is not None:
            found.part.close()
            return Response(small, headers=headers, media_type="image/webp")
    return _answer(request, found, headers)


def _open(entry: MediaEntry, *, as_svg: bool) -> OpenMedia:
    """Open the bytes of an entry.

    Raises:
        HTTPException: 404 if it is not there.
    """
    try:
        part = open_media(entry, as_svg=as_svg)
    except OSError:
        raise HTTPException(HTTPStatus.NOT_FOUND, _NO_FILE) from None
    return OpenMedia(entry, part, content_of(part.read(0, HEAD_BYTES)))


def _thumbnail(request: Request, found: OpenMedia, side_px: int) -> bytes | None:
    content, size = found.content, found.part.size_bytes
    if content is None or why_not_shown(content) is not None or size > _THUMB_FROM:
        return None
    key = f"thumbnail {side_px} {found.entry.source} {version_of(found.entry)} {size}"
    data = found.part.read(0, size)
    return thumbnail(data, content, key, request.app.state.thumbnail_cache, side_px)


def _answer(request: Request, found: OpenMedia, headers: dict[str, str]) -> Response:
    content = found.content
    is_svg = content is not None and content.suffix == ".svg"
    is_for_image = request.headers.get("sec-fetch-dest") == "image"
    may_show = content is not None and (not is_svg or is_for_image)
    if is_svg:  # a kept answer to an `img` element would be shown as a page of its own
        headers |= {"Cache-Control": "no-store", "Vary": "Sec-Fetch-Dest"}
    if not may_show or request.query_params.get("download") == "1":
        suffix = ".bin" if content is None else content.suffix
        name = quote(f"{found.entry.name.rpartition('/')[2][:100]}_{found.entry.step}{suffix}")
        headers["Content-Disposition"] = f"attachment; filename*=utf-8''{name}"
    kind = "application/octet-stream" if content is None or not may_show else content.media_type
    part = found.part
    within = ByteRange(part.start, part.start + part.size_bytes)
    return resumable(request, part.fd, headers, kind, within)


routes = [Route("/media", media)]
