"""Who may view the dashboard: the user who started the server, and everybody with its token.

If only this machine can reach the server, the kernel reports which user is at the other end of a
connection. Everybody else needs the token, as in Jupyter: the address that the command prints
contains it. Opening that address stores the token in a cookie that scripts cannot read, and leads
to the same address without the token.
"""

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .reach.base_path import base_path

PARAMETER = "token"
_TOKEN_BYTES = 24
IS_OWNER = "is_owner"
"""In the state of a connection: whether the user who started the server is at its other end."""
_REFUSAL = (
    "This dashboard asks for a token: another user started it, or other machines can reach it.\n"
    "Open the address with ?token=… that ml-tracking-ops printed when it started.\n"
)


@dataclass(frozen=True, slots=True)
class DashboardAccess:
    """Where the dashboard is, and who has access.

    Attributes:
        token: gives access to everybody, or None if everybody has access without one.
        is_local: whether only this machine can reach it.
        knows_owner: whether the user who started it has access without the token.
    """

    url: str
    token: str | None
    is_local: bool
    knows_owner: bool

    def __str__(self) -> str:
        """Return the address for the user who started it."""
        return self.url if self.knows_owner or self.token is None else self.link

    @property
    def link(self) -> str:
        """The address for anybody else."""
        return self.url if self.token is None else f"{self.url}/?{PARAMETER}={self.token}"


def new_token() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


class TokenMiddleware:
    """Refuses requests without the token. With `token` None it accepts all.

    Args:
        knows_owner: whether the user who started the server needs no token.
    """

    def __init__(
        self, app: ASGIApp, token: str | None = None, *, knows_owner: bool = False
    ) -> None:
        self.app = app
        self._token = token
        self._knows_owner = knows_owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._token is None or self._is_owner(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        answer: ASGIApp = PlainTextResponse(_REFUSAL, status_code=403)
        if self._is_right(request.cookies.get(_cookie_name(request), "")):
            answer = self.app
        elif self._is_right(request.query_params.get(PARAMETER, "")):
            answer = self._admit(request)
        await answer(scope, receive, send)

    def _is_owner(self, scope: Scope) -> bool:
        return self._knows_owner and scope.get("state", {}).get(IS_OWNER) is True

    def _is_right(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), str(self._token).encode())

    def _admit(self, request: Request) -> Response:
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        query = urlencode([pair for pair in pairs if pair[0] != PARAMETER])
        # a path of its own, and never one that a browser would take for another host
        path = "/" + request.url.path.lstrip("/")
        response = RedirectResponse(f"{path}?{query}" if query else path, status_code=303)
        response.set_cookie(
            _cookie_name(request),
            str(self._token),
            path=f"{base_path(request.scope)}/",
            httponly=True,
            samesite="lax",
        )
        return response


def _cookie_name(request: Request) -> str:
    """Return the cookie's name, unique to the server: a browser sends a host's cookies to all its
    ports."""
    return f"ml-tracking-ops-{(request.scope.get('server') or ('', 0))[1]}"
