"""The route of the experiments, and what all pages share.

All pages are rendered whole. htmx takes the parts that changed. The data for the page's script is
in one place, as `page_data`. Reading the log folder and rendering happen in a worker thread
(`SharedCatalog.use`), never in the event loop.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog

from ..rendering import Page, PageData, html_response, render
from ..runs.links import ExperimentColors
from ..serving.assets.asset_source import AssetSource
from ..serving.static_files import static
from .experiments import catalog_place, experiments_page


async def respond_with_page(
    request: Request, template: str, build: Callable[[Catalog], Page | None]
) -> Response:
    """Render the result of `build`. If there is none the answer is 404."""
    logdir: Path = request.app.state.logdir
    assets: AssetSource = request.app.state.assets
    csrf: str = request.app.state.csrf

    def build_and_render(catalog: Catalog) -> str | None:
        page = build(catalog)
        return None if page is None else render(template, logdir, assets, page, csrf)

    html = await request.app.state.catalog.use(build_and_render)
    if html is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return html_response(request, html)


async def home(request: Request) -> Response:
    first = await anyio.to_thread.run_sync(request.app.state.first_address)
    return RedirectResponse(first, HTTPStatus.TEMPORARY_REDIRECT)


async def experiments(request: Request) -> Response:
    colors = experiment_colors(request)
    return await respond_with_page(
        request,
        "experiments.html",
        lambda catalog: experiments_page(
            catalog,
            request.query_params,
            colors,
            request.app.state.log_readers,
            request.app.state.media_store,
        ),
    )


def experiment_colors(request: Request) -> ExperimentColors:
    """Return the colours that this server has assigned so far."""
    colors: ExperimentColors = request.app.state.experiment_colors
    return colors


def _section(path: str) -> str | None:
    """Return the section of an address. Runs of a sweep have the name of the sweep in theirs."""
    kind, _, name = path.removeprefix("/").partition("/")
    if kind == "sweeps" or (kind == "runs" and "/" in name):
        return "sweeps"
    return "experiments" if kind in ("experiments", "runs") else None


@dataclass(frozen=True, kw_only=True)
class NotFoundPage(Page):
    what: str


async def not_found(request: Request, error: Exception) -> Response:
    """Return the page for an unknown address."""
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
    state = request.app.state
    page_data: PageData = {"view": "none"}
    if path.startswith(("/runs/", "/sweeps/")):  # it may appear, or come back
        page_data["follow"] = {"catalog": await state.catalog.use(catalog_place)}
    page = NotFoundPage(
        what=text or "No page has this address.", section=_section(path), page_data=page_data
    )
    html = await anyio.to_thread.run_sync(
        render, "not_found.html", state.logdir, state.assets, page
    )
    return html_response(request, html, HTTPStatus.NOT_FOUND)


routes: list[BaseRoute] = [
    Route("/", home),
    Route("/runs/", home),
    Route("/experiments", experiments),
    Route("/static/{path:path}", static),
]
