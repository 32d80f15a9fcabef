"""The page of sweeps: the list of sweeps, and one of them."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.combinations import best_repeated
from ml_tracking_ops.orchestrator.store.files.run_files import has_files
from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories
from ml_tracking_ops.orchestrator.store.objective import BestSoFar
from ml_tracking_ops.orchestrator.store.run_states import (
    ENDS,
)
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..insight.front.view import summary_of_front
from ..insight.outlook import outlook_of
from ..insight.panel import insight_panel
from ..insight.run_values import offered_settings
from ..insight.subject import sweep_subject
from ..insight.verdict import verdict_view
from ..live.feed import Feed
from ..rendering import PageData, PageRun
from ..runs import entries as rows
from ..runs.formats import format_mean
from ..runs.links import compare_href
from ..series.readers import LogReaders
from ..serving.sse import encode_json
from ..tables.query import ARCHIVED, TableQuery, link, parse_table_query, without_window
from ..tables.rows import Row
from ..tables.sweeps.all_runs import AllRuns
from ..tables.sweeps.sweep_rows import SelectedRuns
from ..tables.sweeps.sweep_table import sweep_table
from .buttons import AnnotationView, sweep_buttons
from .drawn_runs import DrawnRuns, drawn_runs
from .experiments import catalog_place, run_data
from .files.code_files import code_files
from .origin import rerun_form
from .resuming import may_start, resume_check, resume_view
from .routes import respond_with_page
from .selected import run_selection_buttons
from .summary import summarize_sweep
from .sweep_views import (
    ArchiveView,
    BestMean,
    RepeatsView,
    SweepListItem,
    SweepPage,
    SweepProgress,
    SweepsPage,
    SweepView,
)

ALL_METRICS = "*"


def sweeps_page(
    catalog: Catalog,
    sweep_id: str | None,
    query: QueryParams,
    feed: Feed,
    readers: LogReaders,
    media: MediaHistories,
    *,
    may_start: bool = False,
) -> SweepsPage | None:
    """Return the sweep of this id, or else the newest, or None if there is no such sweep.

    Args:
        may_start: whether the reader may resume sweeps from the page.
    """
    is_archive = query.get("archived") == "1"
    if sweep_id is None:
        sweep = next(iter(_shown(catalog, is_archive=is_archive)), None)
    elif (sweep := catalog.sweeps.get(sweep_id)) is None:
        return None
    else:
        is_archive = sweep.annotations.own.is_archived
    page = _list_page(catalog, sweep, is_archive=is_archive)
    if sweep is None:
        return page
    live = feed.live_bests(sweep.id)
    return _sweep_page(page, catalog, sweep, query, live, readers, media, may_start)


def _list_page(catalog: Catalog, sweep: Sweep | None, *, is_archive: bool) -> SweepsPage:
    shown = _shown(catalog, is_archive=is_archive)
    return SweepsPage(
        section="sweeps",
        n_total=len(shown),
        n_experiments=len(catalog.experiments),
        n_archived=len(_shown(catalog, is_archive=True)),
        is_archive=is_archive,
        listed=[_list_entry(one, one is sweep) for one in shown],
        unreadable=[str(error) for error in catalog.unreadable],
        page_data={"view": "none", "follow": {"catalog": catalog_place(catalog)}},
    )


def _shown(catalog: Catalog, *, is_archive: bool) -> list[Sweep]:
    """Return the archived sweeps, or the others."""
    return [
        sweep
        for sweep in catalog.sweeps.values()
        if sweep.annotations.own.is_archived == is_archive
    ]


def _list_entry(sweep: Sweep, is_current: bool) -> SweepListItem:
    return SweepListItem(
        id=sweep.id,
        name=sweep.name,
        href=sweep_href(sweep.id),
        label=sweep.annotations.own.name,
        state=sweep.record.state,
        is_paused=sweep.record.has_paused,
        is_current=is_current,
        started_at=sweep.started_at,
        progress=_progress(sweep),
    )


def sweep_href(sweep_id: str) -> str:
    return "/sweeps/" + quote(sweep_id)


def _progress(sweep: Sweep) -> SweepProgress:
    counts = sweep.counts
    return SweepProgress(
        counts,
        rows.n_planned_with_confirmation(sweep, sum(counts.values())),
        sum(n for state, n in counts.items() if state in ENDS),
    )


def _sweep_page(
    page: SweepsPage,
    catalog: Catalog,
    sweep: Sweep,
    query: QueryParams,
    live: Mapping[int, BestSoFar],
    readers: LogReaders,
    media: MediaHistories,
    may_start: bool,
) -> SweepPage:
    asked, query = parse_table_query(query), without_window(query)
    view = sweep_table(sweep, asked, live, readers, media)
    every = view.runs.every
    best_index = None if every.best is None else every.best.index
    n_started, n_runs = len(every.started), len(every.rows)
    drawn = drawn_runs(n_started, n_runs, view.runs.rows, view.drawn, view.n_selected > 0, query)
    metric = query.get("metric") or sweep.optimization_metric
    selected = _selected(every, asked)
    page_data = _page_data(catalog, sweep, drawn, metric, every.starred)
    page_data["follow"] = {**page_data["follow"], **view.followed}
    page_data["groups"] = every.groupings
    page_data["color_by"] = offered_settings(
        {**row.hyperparameters, **row.config} for row in drawn.rows
    )
    page_data["is_partial"] = view.runs.n_unread > 0
    page_data["has_provisional"] = bool(sweep.aims.metrics)
    return SweepPage(
        section=page.section,
        n_total=page.n_total,
        n_experiments=page.n_experiments,
        n_archived=page.n_archived,
        is_archive=page.is_archive,
        listed=page.listed,
        unreadable=page.unreadable,
        page_data=page_data,
        sweep=_sweep_view(sweep, every, live, may_start),
        summary=summarize_sweep(
            sweep.description,
            _with_pick(sweep),
            sweep.record.n_workers,
            sweep.record.max_runs,
        ),
        code=code_files(sweep),
        rerun=rerun_form(sweep, best_index, catalog.logdir, query),
        insight=insight_panel(sweep_subject(sweep, readers), every, query),
        metric=metric,
        table=view.table,
        controls=view.controls,
        n_selected=view.n_selected,
        n_unread=view.runs.n_unread,
        unselect_href=link(asked.pairs, run=None),
        selected_buttons=run_selection_buttons(
            sweep, selected, resume_check(sweep, is_allowed=may_start)
        ),
        compare_href=compare_href(selected),
        drawn=drawn,
        repeats=_repeats(view.runs, asked),
        archive=_archive(sweep, asked),
        starred=every.starred,
    )


def _selected(every: AllRuns, asked: TableQuery) -> list[str]:
    """Return the ids of the selected runs that have started."""
    started = {row.id for row in every.started} if asked.selected else ()
    return [one for one in asked.selected or () if one in started]


def _with_pick(sweep: Sweep) -> Mapping[str, Any]:
    """Return the configuration with the sampler that was picked."""
    if (picked := sweep.record.picked) is None:
        return sweep.config
    given = sweep.config.get("sampler")
    name = given.get("type") if isinstance(given, Mapping) else given
    return {**sweep.config, "sampler": f"{name}: {picked[0]}, since {picked[1]}"}


def _sweep_view(
    sweep: Sweep, every: AllRuns, live: Mapping[int, BestSoFar], may_start: bool
) -> SweepView:
    record, annotation = sweep.record, sweep.annotations.own
    return SweepView(
        id=sweep.id,
        name=sweep.name,
        href=sweep_href(sweep.id),
        state=record.state,
        is_paused=record.has_paused,
        label=annotation.name,
        is_archived=annotation.is_archived,
        annotation_view=AnnotationView("sweep", {"sweep": sweep.id}, annotation),
        buttons=sweep_buttons(sweep, resume_check(sweep, is_allowed=may_start)),
        resume=resume_view(sweep, is_allowed=may_start),
        reason=record.reason,
        warnings=record.warnings[-3:],
        started_at=record.started_at,
        ended_at=record.ended_at,
        metric=sweep.optimization_metric,
        goal=sweep.optimization_goal,
        is_over=rows.is_over(sweep),
        summary=encode_json(rows.sweep_summary(sweep, live)).decode(),
        best=every.best,
        best_that_counts=every.best_that_counts,
        best_has_files=_has_files(sweep, every.best),
        best_mean=_best_mean(sweep),
        verdict=verdict_view(sweep),
        history=every.history,
        front=summary_of_front(sweep, every.rows),
        progress=_progress(sweep),
        outlook=outlook_of(sweep, every),
    )


def _has_files(sweep: Sweep, row: Row | None) -> bool:
    run = None if row is None else sweep.record.runs.get(row.index)
    return run is not None and has_files(sweep.run_folder(run))


def _repeats(runs: SelectedRuns, asked: TableQuery) -> RepeatsView:
    found = runs.rows if runs.every.has_combinations else ()
    numbers = {row.combination.number for row in found if row.combination}
    other = None if asked.is_apart else "apart"
    href = link(asked.pairs, repeats=other, open=None, page=None, sort=None, order=None)
    return RepeatsView(len(runs.rows), len(numbers), href if runs.every.has_combinations else None)


def _archive(sweep: Sweep, asked: TableQuery) -> ArchiveView:
    runs = sweep.record.runs.values() if sweep.annotations.runs else ()
    n = sum(sweep.is_archived(run) and not sweep.is_deleted(run) for run in runs)
    other = None if asked.is_archive else ARCHIVED
    href = link(asked.pairs, shown=other, run=None, open=None, page=None)
    return ArchiveView(n, asked.is_archive and n > 0, href)


def _best_mean(sweep: Sweep) -> BestMean | None:
    """Return the combination with the best mean, for a sweep with repeats."""
    best = best_repeated(sweep)
    if best is None or best.mean is None:
        return None
    text = format_mean(best.mean, best.spread)
    return BestMean(
        best.number, text, len(best.values), best.spread is not None, best.hyperparameters
    )


def _page_data(
    catalog: Catalog,
    sweep: Sweep,
    drawn: DrawnRuns,
    metric: str | None,
    starred: Collection[int],
) -> PageData:
    return {
        "view": "sweep",
        "sweep": sweep.id,
        "runs": [_drawn_run(row, starred) for row in drawn.rows],
        "metric": None if metric == ALL_METRICS else metric,
        "is_over": rows.is_over(sweep),
        "follow": {
            "catalog": catalog_place(catalog),
            f"sweep={sweep.id}": rows.sweep_cursor(sweep),
        },
    }


def _drawn_run(row: Row, starred: Collection[int]) -> PageRun:
    drawn = run_data(row.id, f"run {row.index}", row.color, row.started_at)
    return {**drawn, "is_best": True} if row.index in starred else drawn


async def respond_with_sweeps(request: Request) -> Response:
    sweep_id = request.path_params.get("sweep_id")
    feed: Feed = request.app.state.feed
    return await respond_with_page(
        request,
        "sweeps.html",
        lambda catalog: sweeps_page(
            catalog,
            sweep_id,
            request.query_params,
            feed,
            request.app.state.log_readers,
            request.app.state.media_store,
            may_start=may_start(request),
        ),
    )


async def all_sweeps(request: Request) -> Response:
    """Redirect an address without a name to the list."""
    return RedirectResponse("/sweeps")


routes: list[BaseRoute] = [
    Route("/sweeps", respond_with_sweeps),
    Route("/sweeps/", all_sweeps),
    Route("/sweeps/{sweep_id:path}", respond_with_sweeps),
]
