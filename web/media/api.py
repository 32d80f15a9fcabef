"""`GET /api/media` and the routes below it: the cards of a run, and their content.

Only the numbers of steps are sent before a card is seen, however much a run has logged.
"""

from functools import partial

import anyio.to_thread
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.logger.media.entries import MediaEntry
from ml_tracking_ops.logger.media.history import MediaHistory
from ml_tracking_ops.logger.media.kinds import HISTOGRAM, KINDS
from ml_tracking_ops.logger.media.reading import MediaTable, table_of_entry
from ml_tracking_ops.orchestrator.store.files.identities import FileCache

from ..serving.sse import encode_json
from .histograms import chosen_histogram, stack
from .items import n_characters_of, shown_entry
from .lookup import entries_at, finite_parameter, parse_asked, whole_parameter
from .markdown import MOST_CHARACTERS
from .run_history import use_history
from .shapes import Card, MediaOverview, ShownEntry, StepAnswer
from .tables import MOST_ROWS, TableAnswer, part_of

_MOST_ITEMS = 24
_CELLS_IN_MEMORY = 300_000
_DAMAGED = "This histogram cannot be shown: what was logged is damaged."
_JSON = "application/json"


def _json(data: object) -> Response:
    return Response(encode_json(data), media_type=_JSON, headers={"Cache-Control": "no-cache"})


async def overview(request: Request) -> Response:
    """`GET /api/media?run=ID`: which cards there are, and at which steps."""
    run = request.query_params.get("run", "")
    return _json(await use_history(request, run, partial(_overview, run)))


def _overview(run: str, history: MediaHistory) -> MediaOverview:
    cards = [_card(kind, name, track.kept) for (kind, name), track in history.tracks.items()]
    return {
        "run": run,
        "version": history.n_changes,
        "cards": sorted(cards, key=lambda card: (KINDS.index(card["kind"]), card["name"])),
        "budget_bytes": history.budget_bytes,
        "is_cut": history.is_cut,
    }


def _card(kind: str, name: str, entries: list[MediaEntry]) -> Card:
    steps = list(dict.fromkeys(entry.step for entry in entries))
    keep = entries[-1].keep if entries else 0
    return {"kind": kind, "name": name, "steps": steps, "count": len(entries), "keep": keep}


async def step(request: Request) -> Response:
    """`GET /api/media/step?run=ID&kind=KIND&name=NAME[&step=N][&first=N]`."""
    asked = parse_asked(request.query_params)
    first = max(0, whole_parameter(request.query_params, "first") or 0)
    entries = await use_history(request, asked.run, partial(entries_at, asked=asked))
    return _json(await anyio.to_thread.run_sync(_step, asked.run, entries, first))


def _step(run: str, entries: list[MediaEntry], first: int) -> StepAnswer:
    return {
        "step": entries[0].step,
        "n_items": len(entries),
        "first": first,
        "items": _shown_items(run, entries[first : first + _MOST_ITEMS], first),
    }


def _shown_items(run: str, entries: list[MediaEntry], first: int) -> list[ShownEntry]:
    """Return entries in the form for a card. Of long texts fewer: converting them takes time."""
    items: list[ShownEntry] = []
    n_characters = 0
    for place, entry in enumerate(entries, first):
        n_characters += n_characters_of(entry)
        if items and n_characters > MOST_CHARACTERS:
            break
        items.append(shown_entry(run, entry, place))
    return items


async def table(request: Request) -> Response:
    """`GET /api/media/table?run=ID&kind=table&name=NAME&step=N[&place=N]`, and which rows of it.

    `place` counts the tables of a step.
    """
    query = request.query_params
    asked = parse_asked(query)
    number = min(whole_parameter(query, "number") or 50, MOST_ROWS)
    wanted = partial(
        part_of,
        search=query.get("search", "")[:500],
        sort=whole_parameter(query, "sort"),
        is_down=query.get("down") == "1",
        first=max(0, whole_parameter(query, "first") or 0),
        number=max(1, number),
    )
    entries = await use_history(request, asked.run, partial(entries_at, asked=asked))
    place = min(max(asked.place, 0), len(entries) - 1)
    entry = entries[place]
    tables: FileCache[object, MediaTable] = request.app.state.media_tables

    def find() -> TableAnswer:
        found = tables.get((entry.source, entry.file), None, lambda: table_of_entry(entry))
        return {**wanted(found, entry.step), "place": place, "n_items": len(entries)}

    try:
        return _json(await anyio.to_thread.run_sync(find))
    except OSError:
        raise HTTPException(404, "The table no longer exists, or is damaged.") from None


def n_cells(table: MediaTable) -> int:
    """Return the number of cells of a table in memory."""
    return 1 + len(table.rows) * len(table.columns)


def keep_state(state: State) -> None:
    """Keep what the requests share."""
    state.media_tables = FileCache(_CELLS_IN_MEMORY, n_cells)


async def histograms(request: Request) -> Response:
    """`GET /api/media/histograms?run=ID&name=NAME`: all of a name, in the same bins."""
    query = request.query_params
    run, name = query.get("run", ""), query.get("name", "")
    entries = await use_history(request, run, partial(_all_of, name=name))
    return _json(await anyio.to_thread.run_sync(stack, entries))


async def histogram(request: Request) -> Response:
    """`GET /api/media/histogram?run=ID&kind=histogram&name=NAME&step=N[&place=N][&low=X&high=X]`.

    `place` counts the histograms of a step. Its bins cover the range from `low` to `high` too.
    """
    query = request.query_params
    asked, place = parse_asked(query), whole_parameter(query, "place")
    low, high = finite_parameter(query, "low"), finite_parameter(query, "high")
    entries = await use_history(request, asked.run, partial(entries_at, asked=asked))
    try:
        return _json(await anyio.to_thread.run_sync(chosen_histogram, entries, place, low, high))
    except OSError:
        raise HTTPException(404, _DAMAGED) from None


def _all_of(history: MediaHistory, name: str) -> list[MediaEntry]:
    track = history.tracks.get((HISTOGRAM, name))
    if track is None or not track.kept:
        raise HTTPException(404, "There is no histogram of this name.")
    return track.kept


routes = [
    Route("/api/media", overview),
    Route("/api/media/step", step),
    Route("/api/media/table", table),
    Route("/api/media/histograms", histograms),
    Route("/api/media/histogram", histogram),
]
