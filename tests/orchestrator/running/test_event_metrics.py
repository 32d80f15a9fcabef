"""`"metrics_from": "tensorboard"`: event files of unchanged scripts are a run's metrics."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from event_writing import event, simple, write_events
from sweeps import choice, run_command, write_config

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.logger.paths import RUN_FILE_VARIABLE
from ml_tracking_ops.orchestrator.running.runs.events.metrics import EventFileFollower
from ml_tracking_ops.orchestrator.running.runs.events.owner import RunProcesses
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

EVENTS = {"metrics_from": "tensorboard", "optimization_metric": "charts/episodic_return"}


def sweep_of(folder: Path, **changes: Any) -> Sweep:
    write_config(folder, "writes_events.py", **{**EVENTS, **changes})
    found = run_command("sweep", "--logdir=logs", "--workers=2", folder=folder)
    assert found.returncode == 0, found.stdout + found.stderr
    (sweep,) = Catalog(folder / "logs").sweeps.values()
    return sweep


def test_unchanged_scripts_in_one_folder_each_give_their_own_values(tmp_path: Path) -> None:
    write_events(tmp_path / "runs" / "old" / "events.out.tfevents.1.host.1.0", [])
    sweep = sweep_of(tmp_path, tensorboard_dir="runs", max_runs=4)

    for run in sweep.record.runs.values():
        x = run.hyperparameters["x"]
        path = sweep.dat_path(run)
        assert path is not None
        log = read_log(path)
        values = log["charts/episodic_return"]
        assert values.step.tolist() == [10 * step for step in range(30)]
        assert values.wall_time.tolist() == [1_000.0 + 10 * step for step in range(30)]
        assert values.value.tolist() == pytest.approx([x + step for step in range(30)])
        assert len(log["losses/value_loss"]) == 30
        assert run.best_value == pytest.approx(x + 29)
    assert not (tmp_path / "runs" / "old" / "annotations.json").exists()


def test_rules_stop_a_run_by_its_event_files(tmp_path: Path) -> None:
    command = ["${interpreter}", "${program}", "${args}", "--folder=${run_dir}/tb"]
    sweep = sweep_of(
        tmp_path,
        hyperparameters={"hopeless": choice(1)},
        max_runs=1,
        command=command,
        early_stopping=True,
        early_stopping_patience=5,
    )

    (run,) = sweep.record.runs.values()
    assert run.state == "early_stopped"


def test_tensorboard_dir_without_metrics_from_is_an_error(tmp_path: Path) -> None:
    write_config(tmp_path, "writes_events.py", tensorboard_dir="runs")
    found = run_command("sweep", "--logdir=logs", folder=tmp_path)

    assert found.returncode == 2
    assert 'must be "tensorboard" for tensorboard_dir' in found.stdout + found.stderr


def start_process(dat_path: Path, path: Path) -> subprocess.Popen[bytes]:
    """A process of a run that holds a file open until it is ended."""
    command = [sys.executable, "-uc", f"f = open({str(path)!r}, 'ab'); print(); input()"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, RUN_FILE_VARIABLE: str(dat_path)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_files_that_name_no_process_belong_to_the_run_that_has_them_open(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "a" / f"events.out.tfevents.{int(time.time())}.host"
    write_events(path, [event(1.0, 1, simple("x", 1))])
    mine, other = tmp_path / "mine.dat", tmp_path / "other.dat"
    with start_process(mine, path) as process:
        own = RunProcesses(process.pid, time.time(), str(mine), is_own=False)
        others = RunProcesses(process.pid, time.time(), str(other), is_own=False)
        assert own.owns(path) is True
        assert others.owns(path) is None
        process.communicate(b"\n", timeout=60)

    assert own.owns(path) is None


def test_ambiguous_files_are_reported_and_left_out(tmp_path: Path) -> None:
    dat_path = tmp_path / "run.dat"
    path = tmp_path / "runs" / f"events.out.tfevents.{int(time.time())}.host"
    write_events(path, [event(1.0, 1, simple("x", 1))])
    owner = RunProcesses(os.getpid(), time.time() - 1, str(dat_path), is_own=False)
    metrics = EventFileFollower(tmp_path / "runs", dat_path, owner)
    metrics.finish()

    (note,) = metrics.notes
    assert "is not known" in note[1]


def test_another_orchestrator_continues_and_other_folders_get_their_names(tmp_path: Path) -> None:
    folder, dat_path = tmp_path / "run.files", tmp_path / "run.dat"
    name = f"events.out.tfevents.{int(time.time())}.host"
    write_events(folder / name, [event(1.0, 1, simple("x", 1))])
    write_events(folder / "loss_train" / name, [event(1.0, 1, simple("loss", 5))])
    owner = RunProcesses(os.getpid(), time.time() - 1, str(dat_path), is_own=True)
    first = EventFileFollower(folder, dat_path, owner)
    while first.read():
        pass
    del first
    write_events(folder / name, [event(2.0, 2, simple("x", 2))])
    EventFileFollower(folder, dat_path, owner).finish()

    log = read_log(dat_path)
    assert log["x"].step.tolist() == [1, 2]
    assert log["loss_train/loss"].value.tolist() == [5]


def test_unchanged_script_is_started_without_logdir(tmp_path):
    hyper = {"x": choice(1)}
    patterns = {"stdout": {"metrics_pattern": "name: value"}, "tensorboard": {}, "log": {}}
    for source, pattern in patterns.items():
        folder = tmp_path / source
        changes = {"main_script_name": "echo.py", "metrics_from": source, "max_runs": 1, **pattern}
        write_config(folder, "short.py", hyperparameters=hyper, **changes)
        (folder / "echo.py").write_text("import sys\nprint('arguments', sys.argv[1:])\n")
        run_command("sweep", "--logdir=logs", folder=folder)
        [output] = folder.glob("logs/*/*_0001.log")
        assert ("--logdir=" in output.read_text()) == (source == "log")
        assert "--x=1" in output.read_text()
