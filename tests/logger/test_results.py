"""Runs as objects: configuration, state, best values, data frames, tables in notebooks."""

import json
import math
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from sweeps import run_command, write_config
from tensorboardX import SummaryWriter

from ml_tracking_ops.logger import BestValue, ExperimentLogger, read_run, read_runs
from ml_tracking_ops.orchestrator import RunRecord, RunState, SweepResult, run_sweep
from ml_tracking_ops.orchestrator.store.catalog import Catalog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = {"optimizer": {"lr": 0.1}, "name": "<b>"}
    directions = {"Loss": False}
    with ExperimentLogger(tmp_path / "runs", config=config, higher_is_better=directions) as writer:
        for step, value in enumerate([0.5, 0.25, math.nan, 0.25, 0.75]):
            writer.add_scalar("Loss", value, step)
        writer.add_scalar("Empty", math.nan, 0)
        return Path(writer.folder)


def test_event_files_are_runs_named_as_in_tensorboard(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as own:
        own.add_scalar("loss", 1.0, 1)
    for folder in (tmp_path / "ppo" / "seed 1", tmp_path / "ppo", Path(own.folder)):
        with SummaryWriter(str(folder)) as writer:
            for step in range(3):
                writer.add_scalar("loss", step / 2, step)
    with SummaryWriter(str(tmp_path / "dqn")) as writer:
        writer.add_hparams({"lr": 0.25}, {"best": 1.0}, name=".")
    runs = read_runs(tmp_path)

    names = [run.name for run in runs]
    assert sorted(names) == sorted(
        [own_name := Path(own.folder).name, f"{own_name}/tensorboard", "dqn", "ppo", "ppo/seed 1"]
    )
    assert set(names) == set(Catalog(tmp_path).experiments)
    assert runs["ppo/seed 1"].metrics["loss"].value.tolist() == [0.0, 0.5, 1.0]
    assert runs["dqn"].config == {"lr": 0.25}
    assert read_run(tmp_path / "ppo" / "seed 1").best("loss", higher_is_better=True) == BestValue(
        1.0, 2
    )
    assert read_run(runs["ppo"].path).name == "ppo"
    assert read_run(own.folder).name == own_name
    assert {runs[name].state for name in names[1:]} <= {"running", "finished"}


def test_old_event_files_are_finished_and_damaged_ones_lost(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "a")) as writer:
        writer.add_scalar("loss", 1.0, 1)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "events.out.tfevents.1.x").write_bytes(b"no event file" * 9)
    for path in tmp_path.glob("*/*"):
        os.utime(path, (1e9, 1e9))

    assert [run.state for run in read_runs(tmp_path)] == ["finished", "lost"]


ENDS_AT_ONCE = """
import os, sys
from ml_tracking_ops.logger import ExperimentLogger
writer = ExperimentLogger(sys.argv[1])
writer.add_scalar("loss", 1.0, 0)
os._exit(1)
"""


def test_open_log_is_of_a_killed_run_here_and_elsewhere_once_it_is_silent(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ENDS_AT_ONCE, str(tmp_path / "here")], timeout=60)
    shutil.copytree(tmp_path / "here", tmp_path / "elsewhere")
    (run,) = read_runs(tmp_path / "here")
    (copied,) = read_runs(tmp_path / "elsewhere")
    assert (run.state, copied.state) == ("killed", "running")

    os.utime(copied.path, (1e9, 1e9))
    (copied,) = read_runs(tmp_path / "elsewhere")
    assert copied.state == "killed"


@pytest.mark.parametrize(
    ("host", "ref", "state"),
    [
        (platform.node(), {}, "killed"),
        ("another", {}, "running"),
        (platform.node(), {"ref": {"executor": "slurm", "id": "7", "label": "job 7"}}, "running"),
    ],
)
def test_locks_prove_nothing_of_a_sweeps_runs_on_other_machines(
    tmp_path: Path, host: str, ref: dict[str, object], state: str
) -> None:
    subprocess.run([sys.executable, "-c", ENDS_AT_ONCE, str(tmp_path / "first")], timeout=60)
    (log,) = (tmp_path / "first").glob("*/*.dat")
    sweep = tmp_path / "runs" / "s"
    sweep.mkdir(parents=True)
    log.rename(sweep / "r_0001.dat")
    events = (
        {"event": "sweep_started", "host": host},
        {"event": "sampled", "index": 1, "hyperparameters": {"lr": 0.5}},
        {"event": "started", "index": 1, "name": "r_0001", **ref},
    )
    (sweep / "journal.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    assert [run.state for run in read_runs(tmp_path / "runs")] == [state]


def test_a_run_has_its_configuration_state_and_metrics(folder: Path) -> None:
    run = read_run(folder)

    assert run.name == folder.name
    assert run.state == "finished"
    assert run.config["optimizer"] == {"lr": 0.1}
    assert run.environment["python"].startswith("3.")
    assert run.metrics["Loss"].step.tolist() == [0, 1, 2, 3, 4]
    assert read_run(run.path).path == run.path


def test_best_value_has_the_first_step_that_reached_it(folder: Path) -> None:
    run = read_run(folder)

    assert run.best("Loss") == BestValue(0.25, 1)
    assert run.best("Loss", higher_is_better=True) == BestValue(0.75, 4)
    assert run.best("Empty", higher_is_better=True) is None
    with pytest.raises(KeyError, match="It has: Loss, Empty"):
        run.best("loss")
    with pytest.raises(ValueError, match="higher_is_better"):
        run.best("Empty")


def test_tables_escape_what_scripts_wrote(folder: Path) -> None:
    text = read_runs(folder.parent)._repr_html_()

    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert "optimizer.lr" in text


def test_data_frames_use_the_installed_library(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", SimpleNamespace(DataFrame=dict))
    monkeypatch.setitem(sys.modules, "pandas", None)

    frame = read_run(folder).to_polars()
    table = read_runs(folder.parent).to_polars()

    assert frame["metric"] == ["Loss"] * 5 + ["Empty"]
    assert table["optimizer.lr"] == [0.1]
    assert table["Loss"] == [0.75]
    with pytest.raises(ImportError, match="pip install pandas"):
        read_run(folder).to_pandas()


def test_missing_log_is_an_error(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="read_runs"):
        read_run(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_runs(tmp_path / "nothing")


def test_runs_of_a_sweep_have_hyperparameters_and_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(tmp_path, "short.py", max_runs=2)
    monkeypatch.chdir(tmp_path)

    result: SweepResult = run_sweep(config, workers=1)
    runs = read_runs("runs")

    assert [run.name for run in runs] == [run.name for run in result.runs]
    first: RunRecord = result.runs[0]
    assert runs[0].hyperparameters == first.hyperparameters
    assert {run.state for run in runs} == {"finished"}
    assert RunState is not None
    assert first.name is not None
    assert first.name in result._repr_html_()


def test_parquet_needs_a_file_and_pyarrow(folder: Path, tmp_path: Path) -> None:
    done = run_command("export", folder, "--format", "parquet", folder=tmp_path)
    assert done.returncode == 2
    assert "-o FILE" in done.stderr

    out = tmp_path / "points.parquet"
    done = run_command("export", folder, "--format", "parquet", "-o", out, folder=tmp_path)
    if done.returncode == 2:
        assert "ml-tracking-ops[parquet]" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert out.read_bytes()[:4] == b"PAR1"
