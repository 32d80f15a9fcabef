"""Render templates to HTML: whole pages, parts of pages, and their responses."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar, Literal, NotRequired, Protocol, Required, TypedDict

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ml_tracking_ops.orchestrator.store.run_states import BEGUN, STATES

from .runs import formats
from .series.api import points_href
from .series.derived.definition import title_of
from .serving.assets.asset_source import AssetSource
from .serving.sse import as_fields
from .serving.static_files import static_files
from .serving.template_cache import template_cache

_HERE = Path(__file__).parent


class PageRun(TypedDict):
    """A run as the charts need it. `is_best`: it is drawn prominently."""

    id: str | None
    name: str
    color: int
    started_at: float | None
    is_best: NotRequired[bool]


class PageOutput(TypedDict):
    """The end of a run's output on the page. `key` names it in the live stream."""

    key: str
    run: str | None
    text: str
    start: int
    offset: int


class PageData(TypedDict, total=False):
    """The data of a page's script. `follow`: what it follows live, and from where on.

    `color_by`: the settings by which curves can be coloured, besides those that all runs have.
    `has_provisional`: whether the views show values that count only once a run has ended.
    """

    view: Required[Literal["none", "experiments", "sweep", "run", "compare"]]
    runs: Sequence[PageRun]
    metric: str | None
    follow: Mapping[str, int]
    output: PageOutput | None
    outputs: Sequence[str]
    sweep: str
    groups: Sequence[Mapping[str, str]]
    color_by: Sequence[str]
    is_over: bool
    is_partial: bool
    has_provisional: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """The fields that the template of every page needs. Pages add their own."""

    section: str | None
    page_data: PageData = field(default_factory=lambda: PageData(view="none"))


class TemplateVariables(Protocol):
    """A dataclass whose fields are the variables of a template."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        auto_reload=False,  # no check of every file for each page
        bytecode_cache=template_cache(_HERE / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": as_fields}
    environment.filters["metric_title"] = title_of
    environment.filters["number"] = formats.format_number
    environment.filters["whole"] = formats.format_long
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
"""The names of states. A paused sweep is shown as such."""
_PAGE_STATES = {
    state: {"word": facts.word, "isEnd": facts.is_end, "isFailure": facts.is_failure}
    for state, facts in STATES.items()
}
_TEMPLATES = _environment()
_NO_DATA: PageData = {"view": "none", "runs": [], "metric": None, "follow": {}, "output": None}


def render(
    template: str, logdir: Path, assets: AssetSource, page: Page, csrf: str | None = None
) -> str:
    """Return a whole page as HTML.

    Args:
        csrf: the token that the page's actions send back. None if it has none.
    """
    data = page.page_data
    runs, view = data.get("runs", ()), data["view"]
    metric = data.get("metric") if view == "sweep" else None
    page_data = {
        **_NO_DATA,
        **data,
        **({} if csrf is None else {"csrf": csrf}),
        "assets": assets.page_data(),
        "states": _PAGE_STATES,
        "points_href": points_href([run["id"] for run in runs if run["id"] is not None], metric),
    }
    values = {
        **as_fields(page),
        "page_data": page_data,
        "logdir": str(logdir),
        "logdir_exists": logdir.is_dir(),
        "own": static_files(),
    }
    return _TEMPLATES.get_template(template).render(values)


def encode_page(html: str) -> bytes:
    """Encode as UTF-8. Characters without an encoding, as in a folder's name that is no UTF-8, are
    escaped."""
    return html.encode("utf-8", "backslashreplace")


def render_part(template: str, part: TemplateVariables) -> str:
    """Return a part of a page, which htmx puts in its place."""
    return _TEMPLATES.get_template(template).render(as_fields(part))


def html_response(request: Request, html: str, status: int = HTTPStatus.OK) -> Response:
    policy = request.app.state.assets.policy
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HTMLResponse(encode_page(html), status, headers)
