"""Who may look where other machines can reach the server: whoever has the link with its token.

As in Jupyter: the address that the command prints holds the token; opening it leaves the token in
a cookie that scripts cannot read, and leads on to the same address without it.
"""

import ipaddress
import secrets
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

PARAMETER = "token"
_TOKEN_BYTES = 24
_REFUSAL = (
    "This dashboard can be reached by other machines, so it asks for a token.\n"
    "Open the address with ?token=… that ml-tracking-ops printed when it started.\n"
)


def token_for(host: str) -> str | None:
    """A new token where `host` lets other machines in; None where it is this machine alone."""
    return None if is_loopback(host) else secrets.token_urlsafe(_TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own, out of reach for others."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class TokenMiddleware:
    """Lets nobody in without the token; with `token` None it lets everybody in."""

    def __init__(self, app: ASGIApp, token: str | None = None) -> None:
        self.app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._token is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        answer: ASGIApp = PlainTextResponse(_REFUSAL, status_code=403)
        if self._is_right(request.cookies.get(_cookie_name(request), "")):
            answer = self.app
        elif self._is_right(request.query_params.get(PARAMETER, "")):
            answer = self._admit(request)
        await answer(scope, receive, send)

    def _is_right(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), str(self._token).encode())

    def _admit(self, request: Request) -> Response:
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        query = urlencode([pair for pair in pairs if pair[0] != PARAMETER])
        # a path of its own, and never one that a browser would take for another host
        path = "/" + request.url.path.lstrip("/")
        response = RedirectResponse(f"{path}?{query}" if query else path, status_code=303)
        response.set_cookie(
            _cookie_name(request), str(self._token), path="/", httponly=True, samesite="lax"
        )
        return response


def _cookie_name(request: Request) -> str:
    """A browser sends a host's cookies to all its ports: each server has a name of its own."""
    return f"ml-tracking-ops-{(request.scope.get('server') or ('', 0))[1]}"
