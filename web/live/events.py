"""`GET /events`: one stream of server-sent events for each page.

Stateless: the client remembers the cursor of everything it follows and names them in the address
when it connects again, even to a server that was restarted.
"""

from collections.abc import Iterator

import anyio
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..serving.sse import CONTENT_TYPE, PING
from .feed import Feed, FollowRequest, TooManySubscribersError
from .subscriber import Subscriber

_MAX_FOLLOWED = 5_000
_HEADERS = {
    "content-type": CONTENT_TYPE,
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}


def parse_wanted(query: QueryParams) -> list[FollowRequest]:
    """Parse what the address asks to follow.

    Raises:
        HTTPException: 400, naming the parameter and its value.
    """
    wanted = list(_each_wanted(query))
    if len(wanted) > _MAX_FOLLOWED:
        raise HTTPException(400, f"{len(wanted)} things to follow. At most {_MAX_FOLLOWED}")
    return wanted


def _each_wanted(query: QueryParams) -> Iterator[FollowRequest]:
    for kind, value in query.multi_items():
        if kind in ("run", "log", "media"):
            identity, colon, cursor = value.rpartition(":")
            if not colon or not identity:
                raise HTTPException(400, f"{kind}={value}: expected {kind}=ID:CURSOR")
            yield FollowRequest(kind, identity, _cursor(kind, value, cursor))
        elif kind == "sweep":
            identity, colon, cursor = value.rpartition(":")
            is_with_cursor = bool(colon) and cursor.isdecimal()
            yield (
                FollowRequest(kind, identity, int(cursor))
                if is_with_cursor
                else FollowRequest(kind, value, 0)
            )
        elif kind == "catalog":
            yield FollowRequest(kind, "", _cursor(kind, value, value))
        else:
            raise HTTPException(400, f"{kind}: not known. Allowed: run, sweep, catalog, log, media")


def _cursor(kind: str, value: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise HTTPException(400, f"{kind}={value}: the cursor must be a whole number, 0 or more")
    return int(text)


class EventStream(Response):
    """Sends the headers at once, then events until either side ends the stream."""

    def __init__(self, feed: Feed, wanted: list[FollowRequest]) -> None:
        self.feed = feed
        self.wanted = wanted
        self.status_code = 200
        self.background = None
        self.init_headers(_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client") or ("", 0)
        try:
            async with self.feed.subscribe(self.wanted, client[0]) as subscriber:
                await self._stream(subscriber, receive, send)
        except TooManySubscribersError:
            raise HTTPException(503, "too many live pages are open. Close some") from None

    async def _stream(self, subscriber: Subscriber, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        # So that the browser knows at once that it is connected.
        await send({"type": "http.response.body", "body": b": live\n\n", "more_body": True})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_on_disconnect, receive, tasks.cancel_scope)
            await _send_events(subscriber, send, self.feed.limits.ping_s)
            tasks.cancel_scope.cancel()
        if subscriber.is_closed:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_events(subscriber: Subscriber, send: Send, ping_s: float) -> None:
    while not subscriber.is_closed:
        chunk = await subscriber.next_chunk()
        if not chunk and not await subscriber.wait_for_news(ping_s):
            chunk = PING
        if chunk:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _cancel_on_disconnect(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def events(request: Request) -> Response:
    wanted = parse_wanted(request.query_params)
    if request.method == "HEAD":
        return Response(headers=_HEADERS)
    return EventStream(request.app.state.feed, wanted)


routes = [Route("/events", events)]
