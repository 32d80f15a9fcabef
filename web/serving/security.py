"""Who may ask, and what a browser may do with an answer.

A page on another site can make its visitor's browser ask 127.0.0.1, and with a name that
resolves to 127.0.0.1 (DNS rebinding) it can read the answer too. The `Host` that the browser
sends tells: it is then the other site's name, never an address.
"""

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": _POLICY,  # pages, which load something, bring their own
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityMiddleware:
    """Refuses foreign hosts and adds `HEADERS` to every response that lacks them."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = ()) -> None:
        self.app = app
        self.allowed_hosts = frozenset(("localhost", *(host.lower() for host in allowed_hosts)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if is_known_host(host, self.allowed_hosts):
            await self.app(scope, receive, send_with_headers)
            return
        refusal = PlainTextResponse(f"This server does not answer as {host!r}.\n", status_code=400)
        await refusal(scope, receive, send_with_headers)


def is_known_host(host: str, allowed_hosts: frozenset[str]) -> bool:
    """Whether a `Host` header is an address, or a name that this server goes by."""
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
