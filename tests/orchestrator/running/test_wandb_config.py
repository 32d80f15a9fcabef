"""Scripts that read `wandb.config` alone, with W&B's real client, offline."""

import json
import os
from pathlib import Path

import pytest
from sweeps import run_command, state_of, sweep_folder

SCRIPT = """
import json, os, wandb
from ml_tracking_ops.logger import ExperimentLogger

run = wandb.init(config={"lr": 0.1, "batch": 8})
config = dict(wandb.config)
run.log({"loss": 1 / config["lr"]})
with ExperimentLogger() as writer:
    writer.add_scalar("loss", 1 / config["lr"], 0)
print("config", json.dumps(config), "mode", os.environ["WANDB_MODE"], run.settings._offline)
"""
SWEEP = """
program: train.py
method: grid
metric: {name: loss}
command: ["${env}", "${interpreter}", "${program}"]
parameters:
  lr: {values: [0.5, 1e-5]}
  optim: {parameters: {name: {value: "sgd"}, nesterov: {value: true}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_SILENT", "true")
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    return tmp_path


def test_script_gets_its_values_from_wandb_config(folder: Path) -> None:
    done = run_command("sweep", "sweep.yaml", "--workers", "2", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "the script must read them from wandb.config" in done.stderr
    assert "W&B's client runs offline" in done.stderr
    sweep = sweep_folder(folder / "runs")
    runs = state_of(sweep).runs.values()
    assert [run.hyperparameters["lr"] for run in runs] == [0.5, 1e-5]
    for run in runs:
        (line,) = (
            line
            for line in (sweep / f"{run.name}.log").read_text().splitlines()
            if line.startswith("config ")
        )
        config, mode = line.removeprefix("config ").split(" mode ")
        optim = {"name": "sgd", "nesterov": True}
        assert json.loads(config) == {"lr": run.hyperparameters["lr"], "batch": 8, "optim": optim}
        assert mode == "offline True"


def test_mode_that_the_user_chose_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    (folder / "train.py").write_text("import os; print('mode', os.environ['WANDB_MODE'])")
    done = run_command("sweep", "sweep.yaml", "--max-runs", "1", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "runs offline" not in done.stderr
    sweep = sweep_folder(folder / "runs")
    (log,) = sweep.glob("*_0001.log")
    assert "mode disabled" in log.read_text()
    assert list(sweep.glob("*_0001.wandb.yaml"))
    deleted = run_command("delete", "--yes", sweep.name, folder=folder)
    assert deleted.returncode == 0, deleted.stderr
    assert not sweep.exists()  # it contains nothing foreign
