"""The path of a proxy's host below which the dashboard is reached, such as `/mlto`.

The pages write every address from the root (`/sweeps`). Behind a proxy that serves the dashboard
below a path, `BasePathMiddleware` removes that path from each request and adds it to redirects, and
`PrefixMiddleware` adds it to the addresses in the HTML. Scripts find it themselves: it is the part
before `/static/` in their own address (`lib/base.js`).
"""

import posixpath
import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ml_tracking_ops.orchestrator.errors import UsageError

from .loopback import is_loopback

_KEY = "ml_tracking_ops.base_path"
_FORWARDED = ("x-forwarded-prefix", "x-forwarded-context")
"""The headers in which proxies send it: the first by Traefik and Spring, the second by
jupyter-server-proxy."""
_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~@%+-]+)*")
_ADDRESS = re.compile(rb'(?<=\s)((?:href|src|action|hx-get|data-table)=")/(?!/)')
"""An address from the root in our templates. Text of users contains no quotation mark: Jinja
escapes them, so nothing that a user wrote is mistaken for an attribute."""


def parse_base_path(text: str) -> str:
    """Parse a path for `--base-path`, and return it without the slash at its end: `/mlto`, or
    empty.

    Raises:
        UsageError: it is no such path.
    """
    path = text.rstrip("/")
    if not is_base_path(path):
        raise UsageError(
            f"--base-path {text}: expected a path such as /mlto "
            "(letters, digits and . _ ~ @ % + - between slashes)"
        )
    return path


def is_base_path(path: str) -> bool:
    parts = path.split("/")
    return _BASE_PATH.fullmatch(path) is not None and "." not in parts and ".." not in parts


def base_path(scope: Scope) -> str:
    """Return the path before every address of this request. Empty at the root."""
    return str(scope.get(_KEY, ""))


class BasePathMiddleware:
    """Shows the rest of the app paths from the root.

    Args:
        base_path: where the dashboard is. A request may have it or not, since some proxies remove
            it.
        trusted_proxies: addresses whose `X-Forwarded-Prefix` counts, besides those of this machine.
    """

    def __init__(
        self, app: ASGIApp, base_path: str = "", trusted_proxies: Iterable[str] = ()
    ) -> None:
        self.app = app
        self._base_path = base_path
        self._trusted = frozenset(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        base = self._forwarded(scope) or self._base_path
        if not base:
            await self.app(scope, receive, send)
            return

        given: str = scope["path"]
        has_base = given == base or given.startswith(f"{base}/")
        path = (given.removeprefix(base) or "/") if has_base else given

        async def send_with_base(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                _move_location(headers, base, None if has_base else path)
            await send(message)

        await self.app({**scope, "path": path, _KEY: base}, receive, send_with_base)

    def _forwarded(self, scope: Scope) -> str:
        client = (scope.get("client") or ("", 0))[0]
        if client not in self._trusted and not is_loopback(client):
            return ""
        headers = Headers(scope=scope)
        given = next((headers[name] for name in _FORWARDED if name in headers), "").rstrip("/")
        return given if is_base_path(given) else ""


def _move_location(headers: MutableHeaders, base: str, taken_off: str | None) -> None:
    """Make a redirect lead below the base path.

    A proxy that removes the base path from requests may add it to redirects too
    (jupyter-server-proxy), or may not (nginx): a relative place is right for both.

    Args:
        taken_off: the path of the request, if the proxy removed the base path from it.
    """
    location = headers.get("location", "")
    if not location.startswith("/") or location.startswith("//"):
        return
    if taken_off is None:
        headers["location"] = base + location
        return
    path, mark, query = location.partition("?")
    relative = posixpath.relpath(path, posixpath.dirname(taken_off))
    headers["location"] = relative + mark + query


class PrefixMiddleware:
    """Adds the base path to every address in the HTML that the app sends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base = base_path(scope) if scope["type"] == "http" else ""
        if not base:
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _PrefixedSend(send, base))


class _PrefixedSend:
    """A `send` that holds the head of an HTML answer back until its whole body is there."""

    def __init__(self, send: Send, base: str) -> None:
        self._send = send
        self._new = rb"\g<1>" + base.encode().replace(b"\\", b"\\\\") + b"/"
        self._head: Message | None = None
        self._body: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = MutableHeaders(scope=message).get("content-type", "")
            if kind.startswith("text/html"):
                self._head = message
                return
        elif message["type"] == "http.response.body" and self._head is not None:
            self._body.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = _ADDRESS.sub(self._new, b"".join(self._body))
            MutableHeaders(scope=self._head)["content-length"] = str(len(body))
            await self._send(self._head)
            message = {"type": "http.response.body", "body": body}
        await self._send(message)
