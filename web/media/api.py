"""`GET /api/media` and what is below it: the cards of a run, and what a card shows.

Nothing but numbers of steps is sent before a card is seen, however much a run has logged.
"""

from functools import partial

import anyio.to_thread
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
from .histograms import HistogramStack, stack
from .items import shown_entry
from .lookup import MediaAddress, entries_at, entry_at, parse_asked, whole_parameter
from .run_history import use_history
from .shapes import Card, MediaOverview, StepAnswer
from .tables import MOST_ROWS, TablePart, part_of

_MOST_ITEMS = 24
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
    some = entries[first : first + _MOST_ITEMS]
    return {
        "step": entries[0].step,
        "n_items": len(entries),
        "first": first,
        "items": [shown_entry(run, entry, place) for place, entry in enumerate(some, first)],
    }


async def table(request: Request) -> Response:
    """`GET /api/media/table?run=ID&kind=table&name=NAME&step=N[&place=N]`, and which rows of it."""
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
    entry = await use_history(request, asked.run, partial(_one_of, asked=asked))
    tables: FileCache[object, MediaTable] = request.app.state.media_tables

    def find() -> TablePart:
        found = tables.get((entry.source, entry.file), None, lambda: table_of_entry(entry))
        return wanted(found, entry.step)

    try:
        return _json(await anyio.to_thread.run_sync(find))
    except OSError:
        raise HTTPException(404, "The table is not there any more, or is damaged.") from None


def n_cells(table: MediaTable) -> int:
    """How large a table is in memory."""
    return 1 + len(table.rows) * len(table.columns)


def _one_of(history: MediaHistory, asked: MediaAddress) -> MediaEntry:
    """The entry at the step that is asked for, or at the last one before it."""
    entries = entries_at(history, asked)
    return entries[asked.place] if 0 <= asked.place < len(entries) else entry_at(history, asked)


async def histograms(request: Request) -> Response:
    """`GET /api/media/histograms?run=ID&name=NAME`: all of a name, in the same bins."""
    query = request.query_params
    run, name = query.get("run", ""), query.get("name", "")
    entries = await use_history(request, run, partial(_all_of, name=name))
    return _json(await anyio.to_thread.run_sync(_stacked, entries))


def _all_of(history: MediaHistory, name: str) -> list[MediaEntry]:
    track = history.tracks.get((HISTOGRAM, name))
    if track is None or not track.kept:
        raise HTTPException(404, "There is no histogram of this name.")
    return track.kept


def _stacked(entries: list[MediaEntry]) -> HistogramStack:
    return stack(entries)


routes = [
    Route("/api/media", overview),
    Route("/api/media/step", step),
    Route("/api/media/table", table),
    Route("/api/media/histograms", histograms),
]
