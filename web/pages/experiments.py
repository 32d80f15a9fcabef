"""The content of the page of experiments."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.endings import log_trouble
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.files.folder_walk import describe_skipped
from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories
from ml_tracking_ops.orchestrator.store.run_details import config_of
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RunState

from ..insight.run_values import offered_settings
from ..rendering import Page, PageData, PageRun
from ..runs import entries as rows
from ..runs.links import ExperimentColors, compare_href, run_href
from ..runs.name_patterns import name_test
from ..series.readers import LogReaders
from ..tables.controls import Controls
from ..tables.experiment_choice import experiment_groupings, shown_experiments
from ..tables.experiments_table import ExperimentsTable, experiments_table, select_experiments
from ..tables.query import TableQuery, link, parse_table_query, without_window
from ..tables.table import TablePage
from .buttons import Button
from .selected import selection_buttons

if TYPE_CHECKING:
    from ..insight.panel import InsightPanel

DEFAULT_NEWEST = 10
_MOST_DRAWN = 1_000
_LISTED = 100
_READING_S = 0.25
_MOST_WITH_DIGEST = 3_000


@dataclass(frozen=True, kw_only=True)
class DrawnExperiment:
    """An experiment whose curves are drawn. `name` is the given name, or its own."""

    id: str
    name: str
    color: int
    started_at: float
    href: str


@dataclass(frozen=True, kw_only=True)
class ExperimentListItem(DrawnExperiment):
    """A line of the list. `only_href` draws only this one."""

    state: RunState
    is_selected: bool
    only_href: str


@dataclass(frozen=True, kw_only=True)
class ExperimentsPage(Page):
    """The list of experiments, the drawn ones (`runs`), and the table if it is shown.

    Attributes:
        n_found: how many of the `n_total` the search `q` finds.
        matches_href: draws what the search finds, or None if that is drawn, or there is no search.
        compare_href: compares the drawn ones, or None for a single one.
        insight: the views of them, if the address asks for it. `insight_href` does.
        limit: how many are listed, if the address sets it.
        newest: how many of the newest are drawn, unless the address names some.
        have_ended: whether every drawn experiment has ended.
        unread: which logs of the drawn ones cannot be read, and why.
        selected_elsewhere: the ids of drawn experiments that are not in the list.
    """

    n_total: int
    n_archived: int
    is_archive: bool
    n_sweeps: int
    skipped: str | None
    n_found: int
    q: str
    matches_href: str | None
    n_matches: int
    limit: int | None
    newest: int
    is_newest: bool
    have_ended: bool
    unread: Sequence[str]
    buttons: Sequence[Button]
    runs: Sequence[DrawnExperiment]
    listed: Sequence[ExperimentListItem]
    selected_elsewhere: Sequence[str]
    more_href: str
    table: TablePage | None
    controls: Controls | None
    n_unread: int
    table_href: str
    compare_href: str | None
    insight: "InsightPanel | None"
    insight_href: str
    default_newest: int = DEFAULT_NEWEST
    most_drawn: int = _MOST_DRAWN


def experiments_page(
    catalog: Catalog,
    query: QueryParams,
    colors: ExperimentColors,
    readers: LogReaders,
    media: MediaHistories,
) -> ExperimentsPage:
    """Return the list of experiments, and the drawn ones: those in the address, else the newest."""
    everything = list(catalog.experiments.values())
    colors.assign(experiment.id for experiment in reversed(everything))
    chosen = _choose(catalog, query)
    asked, query = parse_table_query(query), without_window(query)
    is_archive, is_newest = query.get("archived") == "1", "run" not in query
    is_shown = query.get("table") == "1" or bool(asked.states or asked.filters or asked.where)
    view = _table(chosen.known, asked, chosen.drawn, colors, readers, media) if is_shown else None
    have_ended, unread = _endings(chosen.selected)
    runs = [_drawn(experiment, colors) for experiment in chosen.selected]
    insight = _insight(catalog, query, colors, readers) if "panel" in query else None
    n_unread = max(view.n_unread if view else 0, insight.n_unread if insight else 0)
    return ExperimentsPage(
        section="experiments",
        n_total=len(chosen.known),
        n_archived=sum(one.annotation.is_archived for one in everything),
        is_archive=is_archive,
        n_sweeps=len(catalog.sweeps),
        skipped=describe_skipped(catalog.skipped),
        n_found=len(chosen.found),
        q=chosen.search,
        matches_href=_matches_href(asked, chosen.found, chosen.drawn) if chosen.search else None,
        n_matches=min(len(chosen.found), DEFAULT_NEWEST),
        limit=len(chosen.listed) if "limit" in query else None,
        newest=_number(query.get("newest"), DEFAULT_NEWEST, _MOST_DRAWN),
        is_newest=is_newest,
        have_ended=have_ended,
        unread=unread,
        buttons=[] if is_newest else selection_buttons(chosen.selected, is_archive=is_archive),
        runs=runs,
        listed=[_listed(experiment, colors, asked, chosen.drawn) for experiment in chosen.listed],
        selected_elsewhere=[] if is_newest else chosen.selected_elsewhere,
        more_href="?" + urlencode([*_without(query, "limit"), ("limit", len(chosen.listed) + 200)]),
        table=None if view is None else view.table,
        controls=None if view is None else view.controls,
        n_unread=view.n_unread if view else 0,
        insight=insight,
        insight_href=link(asked.pairs, panel="history"),
        table_href=link(asked.pairs, table=None if view else 1),
        compare_href=compare_href([one.id for one in chosen.selected]),
        page_data=_page_data(catalog, chosen, runs, is_partial=n_unread > 0),
    )


@dataclass(frozen=True)
class _Chosen:
    """The experiments of a page: `known` to it, `found`, `listed`, `selected` to draw."""

    search: str
    known: Sequence[Experiment]
    found: Sequence[Experiment]
    listed: Sequence[Experiment]
    selected: Sequence[Experiment]

    @cached_property
    def drawn(self) -> Collection[str]:
        return {experiment.id for experiment in self.selected}

    @property
    def selected_elsewhere(self) -> list[str]:
        listed = {experiment.id for experiment in self.listed}
        return [one.id for one in self.selected if one.id not in listed]


def _choose(catalog: Catalog, query: QueryParams) -> _Chosen:
    known = shown_experiments(catalog, query)
    search = query.get("q", "").strip()
    is_found = name_test(search)
    found = [one for one in known if is_found(names_of(one))]
    listed = found[: _number(query.get("limit"), _LISTED, len(known) or 1)]
    return _Chosen(search, known, found, listed, drawn_experiments(catalog, known, query))


def _endings(selected: Sequence[Experiment]) -> tuple[bool, list[str]]:
    """Return whether all have ended, and which of their logs cannot be read."""
    states = [experiment.state() for experiment in selected]
    unread = [
        f"{experiment.name}: {trouble}"
        for experiment, state in zip(selected, states, strict=True)
        if state == "lost" and (trouble := log_trouble(experiment.dat_path))
    ]
    return all(state in ENDS for state in states), unread


def _page_data(
    catalog: Catalog, chosen: _Chosen, runs: Sequence[DrawnExperiment], *, is_partial: bool
) -> PageData:
    return {
        "view": "experiments",
        "is_partial": is_partial,
        "runs": [run_data(one.id, one.name, one.color, one.started_at) for one in runs],
        "groups": experiment_groupings(chosen.selected, chosen.known),
        "color_by": offered_settings(config_of(one.dat_path) for one in chosen.selected),
        "follow": {"catalog": catalog_place(catalog)},
    }


def _insight(
    catalog: Catalog, query: QueryParams, colors: ExperimentColors, readers: LogReaders
) -> "InsightPanel":
    from ..insight.experiments import explained_experiments  # 20 modules, if the views are open
    from ..insight.panel import experiments_panel

    found = explained_experiments(catalog, query, colors, readers.summaries)
    return experiments_panel(found, query)


def _listed(
    experiment: Experiment, colors: ExperimentColors, asked: TableQuery, drawn: Collection[str]
) -> ExperimentListItem:
    return ExperimentListItem(
        id=experiment.id,
        name=experiment.annotation.name or experiment.name,
        color=colors.color(experiment.id),
        started_at=experiment.started_at,
        href=run_href(experiment.id),
        state=experiment.state(),
        is_selected=experiment.id in drawn,
        only_href=link(asked.pairs, run=experiment.id, newest=None, page=None),
    )


def _matches_href(
    asked: TableQuery, found: Sequence[Experiment], drawn: Iterable[str]
) -> str | None:
    """Return the address that draws the newest of what a search found, or None if they are
    drawn."""
    newest = [one.id for one in found[:DEFAULT_NEWEST]]
    if not newest or set(newest) == set(drawn):
        return None
    kept = [pair for pair in asked.pairs if pair[0] not in ("run", "newest", "page")]
    return link([*kept, *(("run", identity) for identity in newest)])


def drawn_experiments(
    catalog: Catalog, known: Sequence[Experiment], query: QueryParams
) -> Sequence[Experiment]:
    """Return those that the address names, else the newest."""
    if "run" in query:
        return _selected(catalog, query.getlist("run"))
    return known[: _number(query.get("newest"), DEFAULT_NEWEST, _MOST_DRAWN)]


def _table(
    known: Sequence[Experiment],
    asked: TableQuery,
    drawn: Iterable[str],
    colors: ExperimentColors,
    readers: LogReaders,
    media: MediaHistories,
) -> ExperimentsTable:
    found = select_experiments(known, asked, colors, readers.summaries, _READING_S)
    return experiments_table(found, asked, drawn, readers.summaries, media)


def names_of(experiment: Experiment) -> tuple[str, ...]:
    """Return the texts by which a search finds an experiment: its names and its tags."""
    annotation = experiment.annotation
    return (experiment.name, annotation.name or "", *annotation.tags)


def _drawn(experiment: Experiment, colors: ExperimentColors) -> DrawnExperiment:
    return DrawnExperiment(
        id=experiment.id,
        name=experiment.annotation.name or experiment.name,
        color=colors.color(experiment.id),
        started_at=experiment.started_at,
        href=run_href(experiment.id),
    )


def run_data(identity: str | None, name: str, color: int, started_at: float | None) -> PageRun:
    return {"id": identity, "name": name, "color": color, "started_at": started_at}


def catalog_place(catalog: Catalog) -> int:
    """Return the cursor from which the stream continues with changes of the list.

    With many experiments the digest costs a look into each file. Then the stream begins with the
    whole list instead.
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
