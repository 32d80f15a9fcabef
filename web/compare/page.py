"""`GET /compare?run=ID&run=ID`: runs of any kind side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.orchestrator.store.catalog import Catalog

from ..insight.run_values import offered_settings
from ..media.presence import has_media, media_place
from ..pages.experiments import catalog_place, run_data
from ..pages.routes import experiment_colors, respond_with_page
from ..rendering import Page, PageData
from ..runs.entries import sweep_cursor
from ..runs.links import COMPARE_PATH, MOST_COMPARED, ExperimentColors
from ..series.readers import LogReaders
from ..series.summaries import LogToRead
from .differences import SettingRows, compare_settings
from .finding import FoundRuns, find_to_add
from .query import CompareQuery, parse_compare_query
from .results import ComparedResults, compare_results, goals_of
from .subjects import ComparedRun, compared_runs

_READING_S = 0.5


@dataclass(frozen=True, kw_only=True)
class ComparedColumn:
    """A run, and the links of its heading. `baseline_href`: None for the baseline itself."""

    run: ComparedRun
    is_baseline: bool
    baseline_href: str | None
    remove_href: str


@dataclass(frozen=True)
class MissingRun:
    """An unknown id, and the address without it."""

    id: str
    remove_href: str


class MediaRun(TypedDict):
    """A run that logged images or the like, for the page's script."""

    id: str
    name: str
    color: int


@dataclass(frozen=True, kw_only=True)
class ComparePage(Page):
    """Runs as columns, their data as rows.

    Attributes:
        n_asked: how many runs the address names. At most `most` are compared.
        kept: the hidden fields of the form that finds more runs.
        equal_href: shows the settings that are the same for all runs, or hides them again.
        metrics_href: shows all metrics, or the first ones again.
        n_unread: how many logs were not read for lack of time.
    """

    columns: Sequence[ComparedColumn]
    missing: Sequence[MissingRun]
    n_asked: int
    most: int
    search: str
    kept: Sequence[tuple[str, str]]
    found: FoundRuns
    has_equal: bool
    equal_href: str
    has_all_metrics: bool
    metrics_href: str
    results: ComparedResults
    settings: SettingRows
    environment: SettingRows
    n_unread: int
    has_ended: bool
    has_outputs: bool
    media_runs: Sequence[MediaRun]
    shows_outputs: bool
    outputs_href: str


def compare_page(
    catalog: Catalog, query: CompareQuery, colors: ExperimentColors, readers: LogReaders
) -> ComparePage:
    """Return the runs that the address names, side by side. Missing ones are listed."""
    runs, missing = compared_runs(catalog, query.runs, colors)
    baseline = next((at for at, run in enumerate(runs) if run.id == query.baseline), 0)
    results, n_unread = _results(runs, baseline, query, readers)
    return ComparePage(
        section="compare",
        columns=[_column(run, at == baseline, query) for at, run in enumerate(runs)],
        missing=[MissingRun(one, query.without(one)) for one in missing],
        n_asked=query.n_asked,
        most=MOST_COMPARED,
        search=query.search,
        kept=query.pairs,
        found=find_to_add(catalog, query),
        has_equal=query.has_equal,
        equal_href=query.link(equal=None if query.has_equal else "1"),
        has_all_metrics=query.has_all_metrics,
        metrics_href=query.link(metrics=None if query.has_all_metrics else "all"),
        results=results,
        settings=_compared([run.settings for run in runs], baseline, query),
        environment=_compared([run.environment for run in runs], baseline, query),
        n_unread=n_unread,
        has_ended=all(run.has_ended for run in runs),
        has_outputs=any(run.has_output for run in runs),
        shows_outputs=query.shows_outputs,
        media_runs=[
            {"id": run.id, "name": run.name, "color": run.color}
            for run in runs
            if has_media(run.dat_path)
        ],
        outputs_href=query.link(outputs=None if query.shows_outputs else "1"),
        page_data=_page_data(catalog, runs, n_unread, shows_outputs=query.shows_outputs),
    )


def _column(run: ComparedRun, is_baseline: bool, query: CompareQuery) -> ComparedColumn:
    href = None if is_baseline else query.link(baseline=run.id)
    return ComparedColumn(
        run=run, is_baseline=is_baseline, baseline_href=href, remove_href=query.without(run.id)
    )


def _compared(
    settings: Sequence[Mapping[str, Any]], baseline: int, query: CompareQuery
) -> SettingRows:
    return compare_settings(settings, baseline, has_equal=query.has_equal)


def _results(
    runs: Sequence[ComparedRun], baseline: int, query: CompareQuery, readers: LogReaders
) -> tuple[ComparedResults, int]:
    """Return the values of all metrics, and how many logs were not read for lack of time."""
    logs = [LogToRead(run.dat_path, run.has_ended) for run in runs if run.dat_path is not None]
    known, n_unread = readers.summaries.read(logs, _READING_S)
    goals = goals_of(
        [run.own_goals for run in runs],
        readers.summaries.chosen_goals(),
        readers.summaries.logged_goals(logs),
    )
    of_runs = [known.get(run.dat_path, {}) if run.dat_path is not None else {} for run in runs]
    results = compare_results(
        of_runs, goals, baseline, query.derived, has_all=query.has_all_metrics
    )
    return results, n_unread


def _page_data(
    catalog: Catalog, runs: Sequence[ComparedRun], n_unread: int, *, shows_outputs: bool
) -> PageData:
    sweeps = dict.fromkeys(run.sweep_id for run in runs if run.sweep_id is not None)
    followed = {f"sweep={one}": sweep_cursor(catalog.sweeps[one]) for one in sweeps}
    for run in runs:
        followed |= media_place(run.id, run.dat_path)
    return {
        "view": "compare",
        "runs": [run_data(run.id, run.name, run.color, run.started_at) for run in runs],
        "is_partial": n_unread > 0,
        "color_by": offered_settings(run.settings for run in runs),
        "outputs": [run.id for run in runs if run.has_output] if shows_outputs else [],
        "follow": {"catalog": catalog_place(catalog), **followed},
    }


async def compare(request: Request) -> Response:
    """Return the page Compare. If the address names no run, it shows how to find some."""
    query, colors = parse_compare_query(request.query_params), experiment_colors(request)
    readers: LogReaders = request.app.state.log_readers
    return await respond_with_page(
        request,
        "compare.html",
        lambda catalog: compare_page(catalog, query, colors, readers),
    )


routes: list[BaseRoute] = [Route(COMPARE_PATH, compare)]
