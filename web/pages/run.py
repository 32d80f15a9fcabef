"""The page of one run, be it an experiment or a run of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ml_tracking_ops.logger.reading.reader import LogFormatError, read_ending
from ml_tracking_ops.orchestrator.commands.rerun import RerunCommand
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.endings import log_trouble
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import BestSoFar
from ml_tracking_ops.orchestrator.store.run_details import read_details
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import SUBMITTED, RunState
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep
from ml_tracking_ops.orchestrator.store.tensorboard.tags import describe_tags, other_tags

from ..insight.standing import (
    ObjectiveResult,
    RunStanding,
    objective_results,
    run_standing,
    text_of_standing,
)
from ..live.feed import Feed
from ..media.presence import READING_S, has_media, media_place
from ..rendering import Page, PageData, PageRun
from ..runs.catalog_access import system_id
from ..runs.entries import run_entry, sweep_cursor
from ..runs.links import ExperimentColors, sweep_run_color
from ..series.experiment_states import state_of
from ..series.readers import LogReaders
from ..tables.query import TableQuery, parse_table_query
from ..tables.sweeps.sweep_rows import all_runs, select_runs
from .buttons import AnnotationView, Button, experiment_buttons, run_buttons
from .experiments import catalog_place, run_data
from .files.output import OutputPart, read_end
from .files.run_files import FilesView, files_view
from .origin import (
    NO_NEIGHBOURS,
    AttemptLink,
    Neighbours,
    attempt_links,
    environment_facts,
    neighbours,
    origin_facts,
    rerun_command_of,
)
from .resuming import may_start, resume_check
from .routes import experiment_colors, respond_with_page
from .summary import SummaryFact
from .sweeps import sweep_href

_READING_S = 0.25


@dataclass(frozen=True, kw_only=True)
class RunView:
    """The fields of the page of one run.

    Attributes:
        config: its logged configuration besides the hyperparameters.
        shown_name: its own name, if the title is a given name.
        last_wall_time: when it logged its last value.
        log_trouble: why its existing log cannot be read.
        output: None if it has none. `no_output` explains why.
    """

    id: str | None
    title: str
    shown_name: str | None = None
    is_archived: bool = False
    annotation_view: AnnotationView
    buttons: Sequence[Button]
    is_stopping: bool = False
    color: int
    state: RunState
    reason: str | None
    hyperparameters: Mapping[str, Any]
    config: Mapping[str, Any] = field(default_factory=dict)
    results: Sequence[ObjectiveResult] = ()
    standing_text: str | None = None
    metric: str | None = None
    best_value: float | None = None
    best_step: int | None = None
    started_at: float | None
    ended_at: float | None
    last_wall_time: float | None = None
    log_trouble: str | None = None
    sweep_href: str | None = None
    sweep_name: str | None = None
    output: OutputPart | None = None
    no_output: str
    neighbours: Neighbours = NO_NEIGHBOURS
    standing: RunStanding | None = None
    attempts: Sequence[AttemptLink] = ()
    origin: Sequence[SummaryFact]
    files: FilesView | None = None
    has_media: bool = False


@dataclass(frozen=True, kw_only=True)
class RunPage(Page):
    run: RunView
    rerun: RerunCommand | None = None


def run_page(
    catalog: Catalog,
    run_id: str,
    colors: ExperimentColors,
    feed: Feed,
    asked: TableQuery,
    readers: LogReaders,
    *,
    may_start: bool = False,
) -> RunPage | None:
    """Return the page, or None if there is no such run.

    Args:
        may_start: whether the reader may resume sweeps from the page.
        asked: the table that the reader came from: a run's neighbours are its rows above and below.
    """
    experiment = catalog.experiments.get(run_id)
    if experiment is not None:
        colors.assign(one.id for one in reversed(catalog.experiments.values()))
        return _of_experiment(catalog, experiment, colors)
    sweep_id, _, name = run_id.rpartition("/")
    sweep = catalog.sweeps.get(sweep_id)
    run = sweep.run(name) if sweep is not None else None
    if sweep is None or run is None or sweep.is_deleted(run):
        return None
    return _of_sweep(catalog, sweep, run, feed, asked, readers, may_start)


def _of_experiment(catalog: Catalog, experiment: Experiment, colors: ExperimentColors) -> RunPage:
    state, ended_at = state_of(experiment)
    annotation = experiment.annotation
    details = read_details(experiment.dat_path)
    output = None if experiment.log_path is None else read_end(experiment.log_path)
    run = RunView(
        id=experiment.id,
        title=annotation.name or experiment.name,
        shown_name=experiment.name if annotation.name else None,
        is_archived=annotation.is_archived,
        annotation_view=AnnotationView("run", {"experiment": experiment.id}, annotation),
        buttons=experiment_buttons(experiment, state),
        color=colors.color(experiment.id),
        state=state,
        reason=experiment.evidence().reason,
        hyperparameters=details.config,
        started_at=experiment.started_at,
        ended_at=ended_at,
        last_wall_time=_last_wall_time(experiment.dat_path),
        log_trouble=_log_trouble(experiment.dat_path),
        output=output,
        no_output="It was started by hand, so its output was not kept. "
        "ml-tracking-ops run keeps the output.",
        origin=[*_other_tags(experiment.dat_path), *environment_facts(experiment, details)],
        files=files_view(experiment.id, experiment.run_folder),
        has_media=has_media(experiment.dat_path),
    )
    page_data: PageData = {
        "view": "run",
        "runs": _drawn(run, experiment.name, experiment.dat_path),
        "follow": {
            "catalog": catalog_place(catalog),
            **media_place(experiment.id, experiment.dat_path),
        },
    }
    _add_output(page_data, run)
    return RunPage(section="experiments", run=run, page_data=page_data)


def _order(
    sweep: Sweep, asked: TableQuery, live: Mapping[int, BestSoFar], readers: LogReaders
) -> list[int]:
    """Return the runs of the reader's table that have a page.

    None means that there is no table.
    """
    if not asked.of_table:
        return []
    found = select_runs(sweep, asked, live, readers.summaries, _READING_S).rows
    return [row.index for row in found if row.id is not None]


def _of_sweep(
    catalog: Catalog,
    sweep: Sweep,
    run: RunRecord,
    feed: Feed,
    asked: TableQuery,
    readers: LogReaders,
    may_start: bool,
) -> RunPage:
    lives = feed.live_bests(sweep.id)
    query = asked.of_table
    every = all_runs(sweep, lives)
    entry = run_entry(sweep.id, run, lives.get(run.index), sweep.annotations.run(run.index))
    log_path = sweep.log_path(run)
    output = None if log_path is None else read_end(log_path)
    if output is None and run.state in SUBMITTED and not sweep.is_legacy:
        output = OutputPart("", 0, 0, 0)  # the file is about to be created
    target = {"sweep": sweep.id, "run": run.index}
    view = RunView(
        id=entry.id,
        title=f"Run {run.index}" + (f" · {entry.label}" if entry.label else ""),
        annotation_view=AnnotationView("run", target, sweep.annotations.run(run.index)),
        buttons=run_buttons(sweep, run, resume_check(sweep, is_allowed=may_start)),
        is_stopping=run.state in SUBMITTED and run.stopped_by_hand is not None,
        color=sweep_run_color(run.index),
        state=entry.state,
        reason=entry.reason,
        hyperparameters=entry.hyperparameters,
        config=_logged_config(sweep.dat_path(run), entry.hyperparameters),
        results=objective_results(sweep, run),
        standing_text=text_of_standing(sweep, run),
        metric=sweep.optimization_metric,
        best_value=entry.best_value,
        best_step=entry.best_step,
        started_at=entry.started_at,
        ended_at=entry.ended_at,
        log_trouble=_log_trouble(sweep.dat_path(run)),
        sweep_href=sweep_href(sweep.id) + query,
        sweep_name=sweep.annotations.own.name or sweep.name,
        output=output,
        no_output=_why_no_output(sweep, log_path),
        neighbours=neighbours(sweep, run, _order(sweep, asked, lives, readers), query),
        standing=run_standing(run.name, every.rows, sweep.optimization_goal),
        attempts=attempt_links(sweep, run),
        origin=origin_facts(sweep, run),
        files=files_view(entry.id, sweep.run_folder(run)),
        has_media=has_media(sweep.dat_path(run)),
    )
    return RunPage(
        section="sweeps",
        run=view,
        rerun=rerun_command_of(sweep, run, catalog.logdir),
        page_data=_page_data(catalog, sweep, run, view),
    )


def _page_data(catalog: Catalog, sweep: Sweep, run: RunRecord, view: RunView) -> PageData:
    page_data: PageData = {
        "view": "run",
        "runs": _drawn(view, f"run {run.index}", sweep.dat_path(run)),
        "follow": {
            "catalog": catalog_place(catalog),
            f"sweep={sweep.id}": sweep_cursor(sweep),
            **media_place(view.id, sweep.dat_path(run)),
        },
    }
    _add_output(page_data, view)
    return page_data


def _logged_config(dat_path: Path | None, hyperparameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the configuration that a run of a sweep logged besides its hyperparameters."""
    config = {} if dat_path is None else read_details(dat_path).config
    return {name: value for name, value in config.items() if name not in hyperparameters}


def _drawn(view: RunView, name: str, dat_path: Path | None) -> list[PageRun]:
    """Return the run, and its use of the machine."""
    runs = [run_data(view.id, name, view.color, view.started_at)]
    system = None if view.id is None else system_id(view.id, dat_path)
    if system is not None:
        runs.append(run_data(system, name, view.color, view.started_at))
    return runs


def _add_output(page_data: PageData, view: RunView) -> None:
    if view.output is not None:
        page_data["output"] = {
            "key": f"log={view.id}",
            "run": view.id,
            "text": view.output.text,
            "start": view.output.start,
            "offset": view.output.end,
        }


def _why_no_output(sweep: Sweep, log_path: Path | None) -> str:
    if sweep.is_legacy:
        return "The original tool, which ran this sweep, kept no output."
    if sweep.is_study:
        return "A program asked for this run and trained it itself: its output went elsewhere."
    return f"Its output has been deleted: there is no file {log_path}."


def _log_trouble(dat_path: Path | None) -> str | None:
    return log_trouble(dat_path) if dat_path is not None and dat_path.is_file() else None


def _other_tags(path: Path) -> list[SummaryFact]:
    """Return what event files hold besides scalars."""
    tags = other_tags(path, READING_S)
    return [
        SummaryFact(
            kind.capitalize(), describe_tags(kind, found, are_all=tags.are_all), is_code=True
        )
        for kind, found in tags.by_kind.items()
    ]


def _last_wall_time(dat_path: Path) -> float | None:
    """Return when an experiment logged its last value, if its log has it."""
    try:
        ending = read_ending(dat_path, follow_link=False)
    except (OSError, LogFormatError):
        return None
    return None if ending.is_legacy else ending.last_wall_time


async def respond_with_run(request: Request) -> Response:
    run_id: str = request.path_params["run_id"]
    colors: ExperimentColors = experiment_colors(request)
    feed: Feed = request.app.state.feed
    asked, readers = parse_table_query(request.query_params), request.app.state.log_readers
    return await respond_with_page(
        request,
        "run.html",
        lambda catalog: run_page(
            catalog, run_id, colors, feed, asked, readers, may_start=may_start(request)
        ),
    )


routes: list[BaseRoute] = [Route("/runs/{run_id:path}", respond_with_run)]
