"""The rows of a table that is being scrolled, without the page around them.

A table of ten thousand runs is never in the browser as a whole: `static/tables/row_window.js`
requests those near the visible ones, ``/rows/…?rows=26-100`` with the parameters of the page's
address.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories

from ..rendering import html_response, render_part
from ..runs.catalog_access import SharedCatalog
from ..tables.experiment_choice import shown_experiments
from ..tables.experiments_table import (
    SelectedExperiments,
    experiments_table_rows,
    select_experiments,
)
from ..tables.query import parse_table_query
from ..tables.sweeps.sweep_rows import all_runs
from ..tables.sweeps.sweep_table import sweep_table_rows
from ..tables.table import TablePage
from .experiments import drawn_experiments
from .routes import experiment_colors

_READING_S = 0.25
_FRESH_FOR_S = 2.0


async def sweep_row_fragments(request: Request) -> Response:
    """Return rows of the table of a sweep's runs."""
    sweep_id: str = request.path_params["sweep_id"]
    state = request.app.state

    def build(catalog: Catalog) -> str | None:
        sweep = catalog.sweeps.get(sweep_id)
        if sweep is None:
            return None
        live = state.feed.live_bests(sweep_id)
        query = parse_table_query(request.query_params)
        table = sweep_table_rows(sweep, query, live, state.log_readers, state.media_store)
        return _render(table, all_runs(sweep, live).starred)

    return await _fragment(request, build)


async def experiment_row_fragments(request: Request) -> Response:
    """Return rows of the table of experiments."""
    colors, summaries = experiment_colors(request), request.app.state.log_readers.summaries
    media: MediaHistories = request.app.state.media_store
    params, query = request.query_params, parse_table_query(request.query_params)
    selections: Selections = request.app.state.experiment_selections

    def build(catalog: Catalog) -> str:
        known = shown_experiments(catalog, params)
        drawn = [one.id for one in drawn_experiments(catalog, known, params)]
        key = (params.get("archived"), query.of_table, summaries.chosen_goals())
        found = selections.get(
            key, lambda: select_experiments(known, query, colors, summaries, _READING_S)
        )
        return _render(experiments_table_rows(found, query, drawn, summaries, media))

    return await _fragment(request, build)


@dataclass(frozen=True)
class TableRows:
    """The fields of `_table_rows.html` when it is rendered by itself."""

    table: TablePage
    starred: Collection[int]


class Selections:
    """Recent results: a table that is scrolled requests parts of it many times a second."""

    def __init__(self) -> None:
        self._known: tuple[object, float, SelectedExperiments] | None = None

    def get(self, key: object, find: Callable[[], SelectedExperiments]) -> SelectedExperiments:
        known = self._known
        if known is None or known[0] != key or time.monotonic() - known[1] > _FRESH_FOR_S:
            known = self._known = key, time.monotonic(), find()
        return known[2]


def keep_state(state: State) -> None:
    """Keep what the requests share."""
    state.experiment_selections = Selections()


async def _fragment(request: Request, build: Callable[[Catalog], str | None]) -> Response:
    """Return the fragment without looking at the folder: what follows the page does that."""
    catalog: SharedCatalog = request.app.state.catalog
    html = await catalog.use(build, refresh=False) or await catalog.use(build)
    if html is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return html_response(request, html)


def _render(table: TablePage, starred: Collection[int] = ()) -> str:
    """Render rows inside a table: no browser parses them outside of one."""
    rows = render_part("tables/_table_rows.html", TableRows(table, starred))
    return f"<table>{rows}</table>"


routes = [
    Route("/rows/experiments", experiment_row_fragments),
    Route("/rows/sweeps/{sweep_id:path}", sweep_row_fragments),
]
