"""A sweep of jobs on other machines whose orchestrator is gone, or may be."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.store import sweep_folder
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

ELSEWHERE = "another-machine"


def sweep_in(
    logdir: Path, *record: dict[str, Any], state: str = "started", engine: str = "slurm"
) -> Sweep:
    """A sweep that began on another machine, whose one run is a job with this record."""
    folder = logdir / "s"
    (folder / f".{engine}").mkdir(parents=True)
    (folder / "experiment_description.json").write_text('{"config": {}}')
    ref = {"executor": engine, "id": "7 mlto-1-r_1", "label": "job 7"}
    run = {"index": 1, "name": "r_1", "attempt": 1, "time": 1.0}
    events = [
        {"event": "sweep_started", "time": 1.0, "n_workers": 1, "pid": 1, "host": ELSEWHERE},
        {"event": "sampled", "time": 1.0, "index": 1, "hyperparameters": {}},
        {"event": "submitting", **run},
        {"event": "submitted", "time": 1.0, "index": 1, "ref": ref},
        *([{"event": "started", **run, "ref": ref}] if state == "started" else []),
    ]
    write(folder / "journal.jsonl", *events)
    write(folder / f".{engine}" / "r_1.processes.jsonl", *record)
    (sweep,) = Catalog(logdir).sweeps.values()
    return sweep


def write(path: Path, *lines: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))


STARTED = {
    "event": "process_started",
    "time": 2.0,
    "name": "r_1",
    "index": 1,
    "attempt": 1,
    "pid": 3,
}
ENDED = {**STARTED, "event": "process_ended", "time": 3.0, "exit_code": 0}


def test_job_that_runs_elsewhere_is_not_killed(tmp_path: Path) -> None:
    sweep = sweep_in(tmp_path, STARTED)
    assert (sweep.record.state, sweep.record.counts) == ("lost", {"running": 1})


@pytest.mark.parametrize("engine", ["slurm", "ray"])
def test_end_that_a_job_has_taken_down_is_shown(tmp_path: Path, engine: str) -> None:
    sweep = sweep_in(tmp_path, STARTED, ENDED, engine=engine)
    assert sweep.record.counts == {"finished": 1}


def test_job_that_started_after_its_orchestrator_was_gone_is_running(tmp_path: Path) -> None:
    sweep = sweep_in(tmp_path, STARTED, state="queued")
    assert sweep.record.counts == {"running": 1}
    assert sweep.record.runs[1].started_at == 2.0


def test_job_that_waits_is_queued(tmp_path: Path) -> None:
    sweep = sweep_in(tmp_path, state="queued")
    assert sweep.record.counts == {"queued": 1}


@pytest.mark.parametrize(("engine", "state"), [("slurm", "lost"), ("ray", "running")])
def test_job_whose_runner_is_silent_for_long_is_lost(
    tmp_path: Path, engine: str, state: str
) -> None:
    """On Ray it is a copy that no process continues, which proves nothing."""
    sweep = sweep_in(tmp_path, STARTED, engine=engine)
    long_ago = time.time() - 3600
    os.utime(sweep.path / f".{engine}" / "r_1.processes.jsonl", (long_ago, long_ago))
    sweep.refresh()
    assert sweep.record.counts == {state: 1}


@pytest.mark.parametrize(("silent_s", "state"), [(5, "running"), (3600, "lost")])
def test_lock_that_is_not_seen_proves_nothing_on_a_network_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent_s: float, state: str
) -> None:
    monkeypatch.setattr(sweep_folder, "is_on_network", lambda folder: True)
    sweep = sweep_in(tmp_path, STARTED)
    touched = time.time() - silent_s
    os.utime(sweep.path / "journal.jsonl", (touched, touched))
    sweep = Catalog(tmp_path).sweeps["s"]
    sweep.refresh()
    assert sweep.record.state == state
