"""Send requests to the dashboard's own routes, without a connection."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import Message


async def fetch_body(app: Starlette, address: str) -> bytes:
    """Return the body of the answer to `GET address`.

    Raises:
        HTTPException: it answers with an error.
    """
    path, _, query = address.partition("?")
    status, body = 200, bytearray()
    is_sent = False

    async def receive() -> Message:
        nonlocal is_sent
        if is_sent:
            return {"type": "http.disconnect"}
        is_sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app.router(_scope(app, path, query), receive, send)
    if status >= 400:
        raise HTTPException(status, f"{path} cannot be read")
    return bytes(body)


def _scope(app: Starlette, path: str, query: str) -> MutableMapping[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},  # so that parts are sent to their end
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": None,
        "app": app,
    }
