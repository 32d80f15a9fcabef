"""What the page of experiments shows."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.folder_walk import describe_skipped

from ..runs import entries as rows
from ..runs.links import ExperimentColors, run_href
from ..series.readers import LogReaders
from ..tables.experiments_table import ExperimentsTable, experiments_table, select_experiments
from ..tables.query import TableQuery, link, parse_table_query, without_window
from .buttons import selection_buttons

DEFAULT_NEWEST = 10
_MOST_DRAWN = 1_000
_LISTED = 100
_READING_S = 0.25
_MOST_WITH_DIGEST = 3_000

Context = dict[str, Any]


def experiments_context(
    catalog: Catalog,
    query: QueryParams,
    colors: ExperimentColors,
    readers: LogReaders,
) -> Context:
    """The list of experiments, and those that are drawn: the ones named in the address, else
    the newest."""
    everything = list(catalog.experiments.values())
    colors.assign(experiment.id for experiment in reversed(everything))
    is_archive, known = query.get("archived") == "1", shown_experiments(catalog, query)
    search = query.get("q", "").strip()
    newest = _number(query.get("newest"), DEFAULT_NEWEST, _MOST_DRAWN)
    is_newest = "run" not in query
    selected = drawn_experiments(catalog, known, query)
    found = [one for one in known if is_found(one, search.casefold())]
    listed = found[: _number(query.get("limit"), _LISTED, len(known) or 1)]
    drawn = {experiment.id for experiment in selected}
    listed_ids = {experiment.id for experiment in listed}
    asked, query = parse_table_query(query), without_window(query)
    is_shown = query.get("table") == "1" or bool(asked.states or asked.filters)
    view = _table(known, asked, drawn, colors, readers) if is_shown else None
    return {
        "section": "experiments",
        "n_total": len(known),
        "n_archived": sum(one.annotation.is_archived for one in everything),
        "is_archive": is_archive,
        "n_sweeps": len(catalog.sweeps),
        "skipped": describe_skipped(catalog.skipped),
        "n_found": len(found),
        "q": search,
        "matches_href": _matches_href(asked, found, drawn) if search else None,
        "n_matches": min(len(found), DEFAULT_NEWEST),
        "limit": len(listed) if "limit" in query else None,
        "newest": newest,
        "default_newest": DEFAULT_NEWEST,
        "most_drawn": _MOST_DRAWN,
        "is_newest": is_newest,
        "buttons": [] if is_newest else selection_buttons(selected, is_archive=is_archive),
        "runs": [_entry(experiment, colors) for experiment in selected],
        "listed": [_listed(experiment, colors, asked, drawn) for experiment in listed],
        "selected_elsewhere": []
        if is_newest
        else [identity for identity in drawn if identity not in listed_ids],
        "more_href": "?" + urlencode([*_without(query, "limit"), ("limit", len(listed) + 200)]),
        "table": view and view.table,
        "controls": view and view.controls,
        "n_unread": view.n_unread if view else 0,
        "table_href": link(asked.pairs, table=None if view else 1),
        "page_data": {
            "view": "experiments",
            "is_partial": bool(view and view.n_unread),
            "runs": [run_data(_entry(experiment, colors)) for experiment in selected],
            "follow": {"catalog": catalog_place(catalog)},
        },
    }


def _listed(
    experiment: Experiment, colors: ExperimentColors, asked: TableQuery, drawn: Collection[str]
) -> Context:
    return {
        **_entry(experiment, colors),
        "status": experiment.state(),
        "is_selected": experiment.id in drawn,
        "only_href": link(asked.pairs, run=experiment.id, newest=None, page=None),
    }


def _matches_href(
    asked: TableQuery, found: Sequence[Experiment], drawn: Iterable[str]
) -> str | None:
    """The address that draws the newest of what a search found; None where they are drawn."""
    newest = [one.id for one in found[:DEFAULT_NEWEST]]
    if not newest or set(newest) == set(drawn):
        return None
    kept = [pair for pair in asked.pairs if pair[0] not in ("run", "newest", "page")]
    return link([*kept, *(("run", identity) for identity in newest)])


def shown_experiments(catalog: Catalog, query: QueryParams) -> list[Experiment]:
    """Those that are archived, or the others, the newest first."""
    is_archive = query.get("archived") == "1"
    every = catalog.experiments.values()
    return [one for one in every if one.annotation.is_archived == is_archive]


def drawn_experiments(
    catalog: Catalog, known: Sequence[Experiment], query: QueryParams
) -> Sequence[Experiment]:
    """Those that the address names, else the newest."""
    if "run" in query:
        return _selected(catalog, query.getlist("run"))
    return known[: _number(query.get("newest"), DEFAULT_NEWEST, _MOST_DRAWN)]


def _table(
    known: Sequence[Experiment],
    asked: TableQuery,
    drawn: Iterable[str],
    colors: ExperimentColors,
    readers: LogReaders,
) -> ExperimentsTable:
    found = select_experiments(known, asked, colors, readers.summaries, _READING_S)
    return experiments_table(found, asked, drawn, readers.summaries)


def is_found(experiment: Experiment, search: str) -> bool:
    """Whether a search (casefolded) finds an experiment, by what it is called."""
    said = experiment.annotation
    return any(search in text.casefold() for text in (experiment.name, said.name or "", *said.tags))


def _entry(experiment: Experiment, colors: ExperimentColors) -> Context:
    return {
        "id": experiment.id,
        "name": experiment.annotation.name or experiment.name,
        "color": colors.color(experiment.id),
        "started_at": experiment.started_at,
        "href": run_href(experiment.id),
    }


def run_data(entry: Context) -> Context:
    """What the charts need to know of a run."""
    return {key: entry[key] for key in ("id", "name", "color", "started_at")}


def catalog_place(catalog: Catalog) -> int:
    """From where the stream goes on with changes of the list.

    Of many experiments the digest costs a look into each file; there the stream begins with
    the whole list instead.
    """
    if len(catalog.experiments) > _MOST_WITH_DIGEST:
        return 0
    return rows.catalog_cursor(rows.list_entries(catalog))


def _selected(catalog: Catalog, ids: Sequence[str]) -> list[Experiment]:
    wanted = set(ids)
    return [one for one in catalog.experiments.values() if one.id in wanted][:_MOST_DRAWN]


def _without(query: QueryParams, name: str) -> list[tuple[str, str]]:
    return [(key, value) for key, value in query.multi_items() if key != name]


def _number(text: str | None, default: int, most: int) -> int:
    return min(int(text), most) if text is not None and text.isdecimal() else default
