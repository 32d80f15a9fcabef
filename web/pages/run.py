"""What the page of one run shows, be it an experiment or a run of a sweep."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger.reader import LogFormatError, read_ending
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import Best
from ml_tracking_ops.orchestrator.store.states import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..live.feed import Feed
from ..runs import entries as rows
from ..runs.links import ExperimentColors, sweep_run_color
from ..series.experiment_states import state_of
from ..series.readers import LogReaders
from ..tables.query import TableQuery
from ..tables.sweep_rows import select_runs
from .buttons import Said, experiment_buttons, run_buttons
from .experiments import catalog_place, run_data
from .origin import neighbours, origin_facts, repeat_of
from .output import OutputPart, read_end
from .summary import Fact
from .sweeps import sweep_href

Context = dict[str, Any]
_READING_S = 0.25


def run_context(
    catalog: Catalog,
    run_id: str,
    colors: ExperimentColors,
    feed: Feed,
    asked: TableQuery,
    readers: LogReaders,
) -> Context | None:
    """None where there is no such run.

    Args:
        asked: the table that the reader came from: a run's neighbours are its rows above and below.
    """
    experiment = catalog.experiments.get(run_id)
    if experiment is not None:
        colors.assign(one.id for one in reversed(catalog.experiments.values()))
        return _of_experiment(catalog, experiment, colors)
    sweep_id, _, name = run_id.rpartition("/")
    sweep = catalog.sweeps.get(sweep_id)
    run = sweep.run(name) if sweep is not None else None
    if sweep is None or run is None:
        return None
    return _of_sweep(catalog, sweep, run, feed, asked, readers)


def _of_experiment(catalog: Catalog, experiment: Experiment, colors: ExperimentColors) -> Context:
    status, ended_at = state_of(experiment)
    run: Context = {
        "id": experiment.id,
        "title": experiment.annotation.name or experiment.name,
        "name": experiment.name,
        "label": experiment.annotation.name,
        "shown_name": experiment.name if experiment.annotation.name else None,
        "is_archived": experiment.annotation.is_archived,
        "said": Said("run", {"experiment": experiment.id}, experiment.annotation),
        "buttons": experiment_buttons(experiment, status),
        "is_stopping": False,
        "color": colors.color(experiment.id),
        "status": status,
        "reason": experiment.evidence().reason,
        "hyperparameters": {},
        "metric": None,
        "started_at": experiment.started_at,
        "ended_at": ended_at,
        "last_wall_time": _last_wall_time(experiment.dat_path),
        "sweep_href": None,
        "output": None,
        "no_output": "It was started by hand: what it printed went to where it was started.",
        "previous": None,
        "next": None,
        "place": None,
        "origin": [Fact("Log", str(experiment.dat_path), is_code=True)],
    }
    follow = {"catalog": catalog_place(catalog)}
    page_data = {"view": "run", "runs": [run_data(run)], "follow": follow}
    return {"section": "experiments", "run": run, "repeat": None, "page_data": page_data}


def _order(
    sweep: Sweep, asked: TableQuery, live: Mapping[int, Best], readers: LogReaders
) -> list[int]:
    """The runs of the table that the reader came from, which have a page; none: of no table."""
    if not asked.of_table:
        return []
    found = select_runs(sweep, asked, live, readers.summaries, _READING_S).rows
    return [row["index"] for row in found if row["id"] is not None]


def _of_sweep(
    catalog: Catalog,
    sweep: Sweep,
    run: RunRecord,
    feed: Feed,
    asked: TableQuery,
    readers: LogReaders,
) -> Context:
    lives = feed.live_bests(sweep.id)
    live, query = lives.get(run.index), asked.of_table
    row = rows.run_row(sweep.id, run, live, sweep.annotations.run(run.index))
    log_path = sweep.log_path(run)
    output = None if log_path is None else read_end(log_path)
    if output is None and run.state == "running" and not sweep.is_legacy:
        output = OutputPart("", 0, 0, 0)  # the file is about to come
    shown: Context = {
        **row,
        "title": f"Run {run.index}" + (f" · {row['label']}" if row["label"] else ""),
        "shown_name": None,
        "is_archived": False,
        "said": Said(
            "run", {"sweep": sweep.id, "run": run.index}, sweep.annotations.run(run.index)
        ),
        "buttons": run_buttons(sweep, run),
        "is_stopping": run.state == "running" and run.stopped_by_hand is not None,
        "color": sweep_run_color(run.index),
        "metric": sweep.optimization_metric,
        "sweep_href": sweep_href(sweep.id) + query,
        "sweep_name": sweep.annotations.own.name or sweep.name,
        "output": output,
        "no_output": _why_no_output(sweep, log_path),
        "last_wall_time": None,
        **neighbours(sweep, run, _order(sweep, asked, lives, readers), query),
        "origin": origin_facts(sweep, run),
    }
    page_data: Context = {
        "view": "run",
        "runs": [run_data({**shown, "name": f"run {run.index}"})],
        "follow": {
            "catalog": catalog_place(catalog),
            f"sweep={sweep.id}": rows.sweep_cursor(sweep),
        },
    }
    if output is not None:
        page_data["output"] = {
            "key": f"log={row['id']}",
            "run": row["id"],
            "text": output.text,
            "start": output.start,
            "offset": output.end,
        }
    repeat = repeat_of(sweep, run, catalog.logdir)
    return {"section": "sweeps", "run": shown, "repeat": repeat, "page_data": page_data}


def _why_no_output(sweep: Sweep, log_path: Path | None) -> str:
    if sweep.is_legacy:
        return "The original tool, which ran this sweep, kept no output."
    return f"Its output is gone: there is no file {log_path}."


def _last_wall_time(dat_path: Path) -> float | None:
    """When an experiment logged its last value, where its log says so."""
    try:
        ending = read_ending(dat_path, follow_link=False)
    except (OSError, LogFormatError):
        return None
    return None if ending.is_legacy else ending.last_wall_time
