"""Who may send requests, and what a browser may do with an answer.

A page on another site can make its visitor's browser send requests to 127.0.0.1, and with a name
that resolves to 127.0.0.1 (DNS rebinding) it can read the answer too. The `Host` header shows it:
it is then the other site's name, never an address. And `Sec-Fetch-Site`, which no page can forge,
shows that another site sends the request: nothing is done for it, not even reading. A person who
follows a link from there is led on by a page that costs nothing.
"""

import ipaddress
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'"
_OWN_SITE = ("same-origin", "none")  # a page of this server, or a person, by typing or a bookmark
_LED_HERE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>ML Tracking Ops</title>
<p>A page of another site led you here. <a href="">Open the dashboard</a></p>
"""
_UNKNOWN_HOST = """This server does not answer as {host!r}.
If that is the name of a proxy or of this machine, start the dashboard with --allowed-host NAME.
"""
_FRAMED = """A page of another site cannot show the dashboard in a frame.
If it should, start the dashboard with --frame-ancestors ORIGIN, such as https://hub.example.org.
"""
_FRAMES = ("iframe", "frame", "embed", "object")
NO_FRAMES = "'none'"
HEADERS = {
    "Content-Security-Policy": _POLICY,  # pages, which load something, bring their own
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityMiddleware:
    """Refuses foreign hosts and adds `HEADERS` to every response that lacks them.

    Args:
        frame_ancestors: which pages may show ours in a frame, as in a Content-Security-Policy.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed_hosts: Iterable[str] = (),
        frame_ancestors: Iterable[str] = (),
    ) -> None:
        self.app = app
        self.allowed_hosts = frozenset(("localhost", *(host.lower() for host in allowed_hosts)))
        self._framers = " ".join(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                self._limit_framing(headers)
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        answer = self.app if refusal is None else refusal
        await answer(scope, receive, send_with_headers)

    def _limit_framing(self, headers: MutableHeaders) -> None:
        policy = headers["content-security-policy"]
        headers["content-security-policy"] = (
            f"{policy}; frame-ancestors {self._framers or NO_FRAMES}"
        )
        if not self._framers:
            headers["x-frame-options"] = "DENY"

    def _refusal(self, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not is_known_host(host, self.allowed_hosts):
            return PlainTextResponse(_UNKNOWN_HOST.format(host=host), 400)
        if headers.get("sec-fetch-site", "none") in _OWN_SITE:
            return None
        asked_for = headers.get("sec-fetch-dest")
        if asked_for in _FRAMES and self._framers:  # the browser checks which page frames it
            return None
        if asked_for in _FRAMES:
            return PlainTextResponse(_FRAMED, 403)
        if asked_for == "document":
            return HTMLResponse(_LED_HERE, HTTPStatus.FORBIDDEN)
        return PlainTextResponse("Pages of other sites get no answer here.\n", 403)


def is_known_host(host: str, allowed_hosts: frozenset[str]) -> bool:
    """Return whether a `Host` header is an address, or a known name of this server."""
    name = host.lower()
    if not name.endswith("]"):
        before, colon, port = name.rpartition(":")
        name = before if colon and port.isdecimal() else name
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    return name in allowed_hosts or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
