"""Who may perform actions: only a page that this server itself has sent.

A page of another site can make its visitor's browser post here, with the visitor's cookies. It
cannot read our pages, though: so an action must have the token that is in each of them. And the
browser reports where a request comes from (`Sec-Fetch-Site`, `Origin`), which no page can forge.
"""

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

HEADER = "x-csrf-token"
JsonObject = Mapping[str, object]
"""The JSON object in a request, not checked yet."""
STALE = "this page is older than the server. Reload it"
_TOKEN_BYTES = 32


def new_csrf_token() -> str:
    """Return a token for the lifetime of one server process."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def check(request: Request, token: str) -> None:
    """Accept only requests of our own pages.

    Raises:
        HTTPException: 403, with the reason.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in (None, "same-origin"):
        raise HTTPException(HTTPStatus.FORBIDDEN, "actions are for the pages of this server alone")
    if origin is not None and not _is_ours(origin, request):
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            f"a page of {origin!r} cannot change anything here. If it is the address "
            "of a proxy, start the dashboard "
            "with --allowed-host NAME",
        )
    given = request.headers.get(HEADER, "")
    if not secrets.compare_digest(given.encode(), token.encode()):
        raise HTTPException(HTTPStatus.FORBIDDEN, STALE)


def _is_ours(origin: str, request: Request) -> bool:
    """Return whether an origin is the host of the request, or a proxy's name, as a proxy may change
    `Host`."""
    try:
        place = urlsplit(origin)
        name = place.hostname or ""
    except ValueError:
        return False
    return place.netloc == request.headers.get("host") or name in request.app.state.proxy_names


async def read_body(request: Request) -> JsonObject:
    """Return the JSON object in a request.

    Raises:
        HTTPException: 415 or 400, with what was expected.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected application/json, got {kind or 'nothing'}"
        )
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return body


def field(body: JsonObject, name: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
    """Return one field of a body.

    Raises:
        HTTPException: 400: it is missing, or of another kind.
    """
    value = body.get(name, default)
    if value is ...:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{name} is missing")
    is_right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if not is_right and value is not default:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{name}: {_short(value)} is not allowed")
    return value


def text_list_field(body: JsonObject, name: str) -> list[str]:
    """Return a field that is a list of strings, and may be missing.

    Raises:
        HTTPException: 400: it is something else.
    """
    value = field(body, name, list, [])
    if not all(isinstance(one, str) for one in value):
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{name} must be a list of strings")
    return list(value)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
