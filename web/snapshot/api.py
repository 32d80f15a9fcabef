"""`GET /snapshot/PAGE`: the page at that address as one file, to be shared."""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .taking import take_snapshot

_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


async def download_snapshot(request: Request) -> Response:
    """Return the page as one file, with the table and charts of its address."""
    path: str = request.path_params["path"]
    page = await take_snapshot(request.app, path, request.url.query)
    name = _NOT_IN_A_NAME.sub("-", path.partition("/")[2] or path).strip("-") or "page"
    headers = {"Content-Disposition": f'attachment; filename="{name[:100]}.html"'}
    data = page.encode("utf-8", "backslashreplace")
    return Response(data, media_type="text/html; charset=utf-8", headers=headers)


routes = [Route("/snapshot/{path:path}", download_snapshot)]
