"""Limit the length of addresses: parameters cost work, and a page's links repeat them. Pure.

Any page can send a visitor's browser to a long address. The limits allow what our own pages make,
and a page never repeats more than `_MOST_REPEATED_BYTES` of it.
"""

from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BYTES = 96 << 10  # a thousand runs with long names
MOST_PARAMETERS = 4_000  # a form names both ends of each range, empty ones too
_MOST_RUNS = 2_000
_LONGEST = 4_000
_LONGEST_SEARCH = 500
_MOST_CONDITIONS = 100
_MOST_REPEATED_BYTES = 8 << 20
_ALWAYS_REPEATED = 60  # links that every page has
_LISTED = 100
_CONDITIONS = ("p.", "m.", "low.", "high.")
_COMPARE, _MOST_COMPARED, _LINKS_A_RUN, _FOUND = "/compare", 40, 2, 40
_NO_PAGES = ("/api/", "/events", "/export/", "/output/", "/static/", "/assets/")


def address_problem(path: str, query: bytes) -> str | None:
    """Return what is wrong with an address, or None if it can be answered at a bounded cost."""
    if len(query) > MOST_BYTES:
        return f"the address has {len(query)} bytes. At most {MOST_BYTES} are read"
    if query.count(b"&") >= MOST_PARAMETERS:
        return f"the address has more than {MOST_PARAMETERS} parameters"
    pairs = [pair for pair in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if pair[1]]
    for name, value in pairs:
        longest = _LONGEST_SEARCH if name == "q" else _LONGEST
        if len(name) > _LONGEST or len(value) > longest:
            return f"{name[:40]} is longer than {longest} characters"
    return _count_problem(pairs) or _repetition_problem(path, len(query), pairs)


def _count_problem(pairs: list[tuple[str, str]]) -> str | None:
    n_runs = sum(name == "run" for name, _ in pairs)
    n_conditions = sum(name.startswith(_CONDITIONS) for name, _ in pairs)
    if n_runs > _MOST_RUNS:
        return f"the address names {n_runs} runs. At most {_MOST_RUNS} are read"
    if n_conditions > _MOST_CONDITIONS:
        return f"the address has {n_conditions} conditions. At most {_MOST_CONDITIONS} are read"
    return None


def _repetition_problem(path: str, n_bytes: int, pairs: list[tuple[str, str]]) -> str | None:
    """Return a message if the links of a page would repeat too much of its address, or None."""
    if path.startswith(_NO_PAGES):
        return None
    n_columns = sum(name == "columns" for name, _ in pairs)
    n_conditions = sum(name.startswith(_CONDITIONS) for name, _ in pairs)
    n_other_bytes = sum(len(name) + len(value) + 2 for name, value in pairs if name != "run")
    n_runs = sum(name == "run" for name, _ in pairs)
    n_links = _FOUND + _LINKS_A_RUN * min(n_runs, _MOST_COMPARED) if path == _COMPARE else 0
    repeated = n_bytes * (_ALWAYS_REPEATED + n_columns + n_conditions + n_links)
    repeated += 3 * n_other_bytes * _n_listed(dict(pairs).get("limit", ""))
    if repeated > _MOST_REPEATED_BYTES:
        return "the address asks for too many columns, conditions and runs at once"
    return None


def _n_listed(limit: str) -> int:
    is_number = limit.isascii() and limit.isdecimal() and len(limit) < 10
    return max(_LISTED, int(limit)) if is_number else _LISTED


class AddressLimits:
    """Refuses addresses that are too long, before anything is done for them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = None
        if scope["type"] == "http":
            problem = address_problem(scope["path"], scope["query_string"])
        if problem is None:
            await self.app(scope, receive, send)
            return
        text = f"{problem.encode(errors='backslashreplace').decode()}\n"
        refusal = PlainTextResponse(text, HTTPStatus.REQUEST_URI_TOO_LONG)
        await refusal(scope, receive, send)
