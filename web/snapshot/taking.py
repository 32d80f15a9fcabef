"""Take a snapshot: request a page from the dashboard, and everything that the page requests."""

import json
import re
from functools import partial
from html import unescape
from urllib.parse import parse_qsl, quote, unquote, urlencode

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from ..serving.assets.asset_source import AssetSource
from ..serving.bundling import bundle
from ..serving.static_files import MAIN, STYLE, THEME_FIRST, modules_in, static_files
from .asking import fetch_body
from .document import SnapshotData, assemble, page_data_in, rows_in, with_rows
from .libraries import library
from .media import ByteBudget, media_answers, media_runs_in, with_images

MOST_POINTS_BYTES = 1_800_000
_MOST_ROWS, _ROWS_AT_ONCE = 1_000, 300
_FINEST, _COARSEST = 256, 16
_PAGES = ("sweeps/", "runs/", "experiments", "compare")
_FIGURE = 'id="insight-figure"'
_OF_VIEWS = ("q", "where", "derive", "state", "up", "of", "repeats")
_OF_EXPERIMENTS = ("run", "archived", "objective")
_MORE = re.compile(r'id="insight-figure"[^>]* data-more="([^"]*)"')
_OBJECTIVE = re.compile(r'id="insight-figure"[^>]* data-objective="([^"]*)"')
_TOTAL = re.compile(r'<tbody id="table-rows"[^>]* data-total="(\d+)"')


async def take_snapshot(app: Starlette, path: str, query: str) -> str:
    """Return the page at an address of the dashboard, as one file.

    Raises:
        HTTPException: there is no such page, or a library is not available.
    """
    if not path.startswith(_PAGES):
        raise HTTPException(404, "there is no snapshot of this page")
    source: AssetSource = app.state.assets
    page = (await fetch_body(app, f"/{quote(path)}?{query}")).decode()
    names = ["uplot_style", "uplot", *(["echarts"] if _FIGURE in page else [])]
    libraries = [partial(library, source, name) for name in names]
    uplot_style, *drawing = [await anyio.to_thread.run_sync(one) for one in libraries]
    if path.startswith("sweeps/") or (path == "experiments" and _TOTAL.search(page)):
        page = with_rows(page, await _all_rows(app, path, query, page))
    room = ByteBudget()
    page = await with_images(app, page, room)
    answers = await _answers(app, page_data_in(page), page, query)
    media = await media_answers(app, media_runs_in(page), room)
    return assemble(
        page,
        f"?{query}" if query else "",
        answers,
        media,
        styles=[uplot_style, static_files().files[STYLE].data.decode()],
        scripts=[*_first_scripts(), *drawing, _own_script()],
    )


def _first_scripts() -> list[str]:
    return [static_files().files[THEME_FIRST].data.decode()]


def _own_script() -> str:
    """Return all modules: a file can load nothing later."""
    modules = modules_in(static_files().files)
    return bundle(modules, MAIN, address='"file:///static/"')


async def _all_rows(app: Starlette, path: str, query: str, page: str) -> str:
    """Return the rows of the table, not only those of one page of it. If there are very many, the
    first."""
    found = _TOTAL.search(page)
    n_rows = min(_MOST_ROWS, 0 if found is None else int(found[1]))
    parts = []
    for first in range(1, n_rows + 1, _ROWS_AT_ONCE):
        window = urlencode({"rows": f"{first}-{min(n_rows, first + _ROWS_AT_ONCE - 1)}"})
        address = f"/rows/{quote(path)}?{query}{'&' if query else ''}{window}"
        parts.append(rows_in((await fetch_body(app, address)).decode()))
    return "".join(parts) or rows_in(page)


async def _answers(app: Starlette, data: SnapshotData, page: str, query: str) -> dict[str, bytes]:
    """Return the answers for the page's script, by path."""
    runs = [run["id"] for run in data.get("runs", ()) if run["id"]]
    pairs = parse_qsl(query)
    derived = [value for name, value in pairs if name == "derive"]
    answers = {} if not runs else {"/api/points": await _points(app, runs, data, derived)}
    color = dict(pairs).get("color")
    if color and runs:
        named = urlencode([("by", color), *(("run", one) for one in runs)])
        answers["/api/run-values"] = await fetch_body(app, f"/api/run-values?{named}")
    sweep = data.get("sweep")
    if _FIGURE in page and not sweep:
        chosen = f"{_filters_in(query, _OF_EXPERIMENTS)}&{_columns_in(page)}"
        answers["/api/insight"] = await fetch_body(app, f"/api/insight?{chosen}")
    if sweep and _FIGURE in page:
        kind = "workers" if 'data-view="workers"' in page else "insight"
        for name in {"insight", kind}:
            address = f"/api/{name}/{quote(sweep)}"
            asked = f"{_filters_in(query)}&{_columns_in(page)}"
            if name == "insight" and (found := _OBJECTIVE.search(page)):
                asked += "&" + urlencode({"objective": unescape(found[1])})
            answers[unquote(address)] = await fetch_body(app, f"{address}?{asked}")
    return answers


def _filters_in(query: str, more: tuple[str, ...] = ()) -> str:
    """Return the parameters of an address that select the drawn runs. The views that explain a
    sweep accept no others."""
    pairs = parse_qsl(query, keep_blank_values=True)
    known = (*_OF_VIEWS, *more)
    return urlencode([one for one in pairs if one[0] in known or one[0][:2] in ("p.", "m.")])


def _columns_in(page: str) -> str:
    """Return the further columns that the drawing needs."""
    found = _MORE.search(page)
    return urlencode([("more", key) for key in json.loads(unescape(found[1]))] if found else [])


async def _points(app: Starlette, runs: list[str], data: SnapshotData, derived: list[str]) -> bytes:
    """Return the points of all metrics, as finely as there is room for, else of those shown
    first."""
    named = [("run", one) for one in runs]
    if derived:
        known = json.loads(await fetch_body(app, f"/api/metrics?{urlencode(named)}"))["metrics"]
        named += [("metric", one) for one in (*known, *derived)]
    points = _FINEST
    while True:
        body = await fetch_body(app, f"/api/points?{urlencode([*named, ('points', str(points))])}")
        if len(body) <= MOST_POINTS_BYTES:
            return body
        if points <= _COARSEST:
            break
        points //= 2
    return await fetch_body(app, str(data["points_href"]))
