"""Templates → HTML: whole pages, parts of pages, and the response that carries them."""

import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ml_tracking_ops.orchestrator.store.run_states import BEGUN, STATES

from .runs import formats
from .series.api import points_href
from .serving.asset_source import AssetSource
from .serving.static_files import static_files
from .serving.template_cache import template_cache

_HERE = Path(__file__).parent

Context = dict[str, Any]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        auto_reload=False,  # no look at every file for each page
        bytecode_cache=template_cache(_HERE / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = formats.format_number
    environment.filters["signed"] = formats.format_signed
    environment.filters["step"] = formats.format_step
    environment.filters["counted"] = formats.format_count
    environment.filters["percents"] = formats.whole_percents
    environment.filters["duration"] = formats.format_duration
    environment.filters["cause"] = formats.format_cause
    environment.filters["clock"] = formats.format_clock
    environment.filters["ago"] = lambda then: formats.format_ago(then, time.time())
    environment.filters["age"] = lambda then: formats.format_age(then, time.time())
    environment.globals["now"] = time.time
    environment.globals["states"] = STATES
    environment.globals["begun_states"] = BEGUN
    environment.globals["state_word"] = lambda state: _WORDS[state]
    return environment


_WORDS: dict[str, str] = {"paused": "paused", **{one: facts.word for one, facts in STATES.items()}}
"""What a state is called; a sweep that is paused is shown as such."""
_PAGE_STATES = {
    state: {"word": facts.word, "isEnd": facts.is_end} for state, facts in STATES.items()
}
_TEMPLATES = _environment()
_MODULES = {"sweep": ("insight/main.js",), "run": ("output/main.js",)}
"""What only the pages of a view need besides `page/main.js`."""


def render(template: str, logdir: Path, assets: AssetSource, context: Context) -> str:
    """A whole page as HTML; `context["page_data"]` is what its script gets to know."""
    page_data = {
        "view": "none", "runs": [], "metric": None, "follow": {}, "output": None,
        **context.get("page_data", {}), "assets": assets.page_data(), "states": _PAGE_STATES,
    }  # fmt: skip
    metric = page_data["metric"] if page_data["view"] == "sweep" else None
    page_data["points_href"] = points_href([run["id"] for run in page_data["runs"]], metric)
    values = {
        **context, "page_data": page_data, "logdir": str(logdir), "own": static_files(),
        "page_modules": _MODULES.get(page_data["view"], ()),
    }  # fmt: skip
    return _TEMPLATES.get_template(template).render(values)


def encode_page(html: str) -> bytes:
    """UTF-8; what has no bytes in it, as of a folder's name that is no UTF-8, is written out."""
    return html.encode("utf-8", "backslashreplace")


def render_part(template: str, context: Context) -> str:
    """A part of a page, which htmx puts in its place."""
    return _TEMPLATES.get_template(template).render(context)


def answer(request: Request, html: str, status: int = HTTPStatus.OK) -> Response:
    policy = request.app.state.assets.policy
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HTMLResponse(encode_page(html), status, headers)
