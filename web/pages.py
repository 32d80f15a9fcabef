"""The pages: what a person sees at /experiments, /sweeps and /runs.

Every page is rendered whole; htmx takes from it the parts that changed. What the page's script
needs to know stands in one place of it, as `page_data`. Looking into the log folder and
rendering happen in a worker thread (`SharedCatalog.use`), never in the event loop.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio.to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.orchestrator.catalog import Catalog

from . import formats
from .asset_source import AssetSource
from .experiments_page import experiments_context
from .feed import Feed
from .run_colors import ExperimentColors
from .run_page import run_context
from .series import points_href
from .static_files import static, static_files
from .sweeps_page import sweeps_context
from .table_query import parse_query
from .template_cache import template_cache

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
    return environment


_TEMPLATES = _environment()
_MODULES = {"sweep": ("insight.js",), "run": ("output.js",)}
"""What only the pages of a view need besides `main.js`."""


def render(template: str, logdir: Path, assets: AssetSource, context: Context) -> str:
    """A whole page as HTML; `context["page_data"]` is what its script gets to know."""
    page_data = {
        "view": "none", "runs": [], "metric": None, "follow": {}, "output": None,
        **context.get("page_data", {}), "assets": assets.page_data(),
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


async def _page(
    request: Request, template: str, build: Callable[[Catalog], Context | None]
) -> Response:
    """Render what `build` finds; where it finds nothing the answer is 404."""
    logdir: Path = request.app.state.logdir
    assets: AssetSource = request.app.state.assets

    def build_and_render(catalog: Catalog) -> str | None:
        context = build(catalog)
        if context is None:
            return None
        context["logdir_exists"] = logdir.is_dir()
        context["page_data"]["csrf"] = request.app.state.csrf
        return render(template, logdir, assets, context)

    html = await request.app.state.catalog.use(build_and_render)
    if html is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return answer(request, html)


def answer(request: Request, html: str, status: int = HTTPStatus.OK) -> Response:
    policy = request.app.state.assets.policy
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HTMLResponse(encode_page(html), status, headers)


async def home(request: Request) -> Response:
    return RedirectResponse("/experiments", HTTPStatus.TEMPORARY_REDIRECT)


async def experiments(request: Request) -> Response:
    colors = experiment_colors(request)
    return await _page(
        request,
        "experiments.html",
        lambda catalog: experiments_context(
            catalog, request.query_params, colors, request.app.state.table_readers
        ),
    )


async def sweeps(request: Request) -> Response:
    sweep_id = request.path_params.get("sweep_id")
    feed: Feed = request.app.state.feed
    return await _page(
        request,
        "sweeps.html",
        lambda catalog: sweeps_context(
            catalog, sweep_id, request.query_params, feed, request.app.state.table_readers
        ),
    )


async def run(request: Request) -> Response:
    run_id: str = request.path_params["run_id"]
    colors: ExperimentColors = experiment_colors(request)
    feed: Feed = request.app.state.feed
    asked, readers = parse_query(request.query_params), request.app.state.table_readers
    return await _page(
        request,
        "run.html",
        lambda catalog: run_context(catalog, run_id, colors, feed, asked, readers),
    )


def experiment_colors(request: Request) -> ExperimentColors:
    """The colours this server has handed out so far."""
    colors: ExperimentColors = request.app.state.experiment_colors
    return colors


def _section(path: str) -> str | None:
    """Where an address belongs, whatever is there: runs of a sweep have its name in theirs."""
    kind, _, name = path.removeprefix("/").partition("/")
    if kind == "sweeps" or (kind == "runs" and "/" in name):
        return "sweeps"
    return "experiments" if kind in ("experiments", "runs") else None


async def not_found(request: Request, error: Exception) -> Response:
    """The page for an address at which nothing is."""
    path = request.url.path
    if path.startswith(("/static/", "/assets/")):
        return PlainTextResponse("Nothing is here.\n", HTTPStatus.NOT_FOUND)
    what = {
        "/sweeps/": "There is no sweep of this name.",
        "/runs/": "There is no run of this name.",
        "/export/": "There is nothing of this name to export.",
        "/output/": "This run has no output: it was not started by a sweep, or its log is gone.",
    }
    text = next((text for start, text in what.items() if path.startswith(start)), None)
    context = {"what": text or "No page has this address.", "section": _section(path)}
    state = request.app.state
    html = await anyio.to_thread.run_sync(
        render, "not_found.html", state.logdir, state.assets, context
    )
    return answer(request, html, HTTPStatus.NOT_FOUND)


routes: list[BaseRoute] = [
    Route("/", home),
    Route("/experiments", experiments),
    Route("/sweeps", sweeps),
    Route("/sweeps/{sweep_id:path}", sweeps),
    Route("/runs/{run_id:path}", run),
    Route("/static/{path:path}", static),
]
