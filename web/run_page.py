"""What the page of one run shows, be it an experiment or a run of a sweep."""

import contextlib
import os
from pathlib import Path
from typing import Any

from ml_tracking_ops.orchestrator.catalog import Catalog, Experiment, Sweep
from ml_tracking_ops.orchestrator.journal import RunState

from . import rows
from .experiments_page import catalog_place, run_data
from .feed import Feed
from .repeat_view import repeat_of
from .run_colors import ExperimentColors, sweep_run_color
from .sweep_summary import Fact
from .sweeps_page import sweep_href
from .topics import decode_whole

_OUTPUT_BYTES = 64 << 10

Context = dict[str, Any]


def run_context(
    catalog: Catalog, run_id: str, colors: ExperimentColors, feed: Feed
) -> Context | None:
    """None where there is no such run."""
    experiment = catalog.experiments.get(run_id)
    if experiment is not None:
        colors.assign(one.id for one in reversed(catalog.experiments.values()))
        return _of_experiment(catalog, experiment, colors)
    sweep_id, _, name = run_id.rpartition("/")
    sweep = catalog.sweeps.get(sweep_id)
    run = sweep.run(name) if sweep is not None else None
    if sweep is None or run is None:
        return None
    return _of_sweep(catalog, sweep, run, feed)


def _of_experiment(catalog: Catalog, experiment: Experiment, colors: ExperimentColors) -> Context:
    run: Context = {
        "id": experiment.id,
        "title": experiment.name,
        "name": experiment.name,
        "color": colors.color(experiment.id),
        "status": experiment.status(),
        "reason": None,
        "hyperparameters": {},
        "metric": None,
        "started_at": experiment.started_at,
        "ended_at": None,
        "sweep_href": None,
        "has_output": False,
        "facts": [Fact("File", str(experiment.dat_path), is_code=True)],
    }
    follow = {"catalog": catalog_place(catalog)}
    page_data = {"view": "run", "runs": [run_data(run)], "follow": follow}
    return {"section": "experiments", "run": run, "repeat": None, "page_data": page_data}


def _of_sweep(catalog: Catalog, sweep: Sweep, run: RunState, feed: Feed) -> Context:
    live = feed.live_bests(sweep.id).get(run.index)
    row = rows.run_row(sweep.id, run, live, sweep.annotations.run(run.index))
    log_path = sweep.log_path(run)
    output = None if log_path is None else read_output(log_path)
    shown: Context = {
        **row,
        "title": f"Run {run.index}",
        "color": sweep_run_color(run.index),
        "metric": sweep.optimization_metric,
        "sweep_href": sweep_href(sweep.id),
        "sweep_name": sweep.name,
        "has_output": output is not None,
        "facts": _facts(sweep, run),
    }
    page_data: Context = {
        "view": "run",
        "runs": [run_data({**shown, "name": f"run {run.index}"})],
        "follow": {f"sweep={sweep.id}": rows.sweep_cursor(sweep)},
    }
    if output is not None:
        text, offset, is_cut = output
        note = "… (the beginning is left out here; download it to see all)\n" if is_cut else ""
        page_data["output"] = {"key": f"log={row['id']}", "text": note + text, "offset": offset}
    repeat = repeat_of(sweep, run, catalog.logdir)
    return {"section": "sweeps", "run": shown, "repeat": repeat, "page_data": page_data}


def _facts(sweep: Sweep, run: RunState) -> list[Fact]:
    facts = []
    if run.exit_code:
        ended = f"signal {-run.exit_code}" if run.exit_code < 0 else f"code {run.exit_code}"
        facts.append(Fact("Exit", ended))
    if run.slot is not None:
        facts.append(Fact("Slot", str(run.slot)))
    if run.attempt > 1:
        facts.append(Fact("Attempt", str(run.attempt)))
    dat_path = sweep.dat_path(run)
    if dat_path is not None:
        facts.append(Fact("File", str(dat_path), is_code=True))
    return facts


def read_output(path: Path) -> tuple[str, int, bool] | None:
    """The end of a run's output, the byte behind it, and whether there is more before it.

    None where there is no such file.
    """
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            size = os.fstat(fd).st_size
            start = max(0, size - _OUTPUT_BYTES)
            data = os.pread(fd, _OUTPUT_BYTES, start)
        finally:
            os.close(fd)
        if start:  # begin with a whole line
            cut = data.find(b"\n") + 1
            start, data = start + cut, data[cut:]
        text, n_bytes = decode_whole(data)
        return text, start + n_bytes, start > 0
    return None
