"""The examples run as they are. Those that need a framework are run by tests/integrations."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from sweeps import run_command

from ml_tracking_ops.orchestrator.config.validation import validate_config

EXAMPLES = ROOT / "examples"
ALONE = ("checkpoints", "logged", "printed", "scikit_learn", "shell_script", "wandb_sweep")
FRAMEWORKS = ("hydra", "keras", "lightning", "pytorch", "stable_baselines3", "transformers")


def summary_of(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run_command("sweep", *arguments, "--workers", "2", "--json", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


@pytest.mark.parametrize("name", ALONE)
def test_example_runs_to_its_end(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / name, tmp_path / name)
    summary = summary_of(folder, *(["sweep.yaml"] if (folder / "sweep.yaml").exists() else []))
    assert summary["state"] == "finished"
    assert set(summary["counts"]) <= {"finished", "early_stopped"}
    assert summary["best"]["best_value"] is not None


def test_example_of_checkpoints_continues_where_it_failed(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "checkpoints", tmp_path / "checkpoints")
    summary_of(folder, "--max-runs", "1")
    outputs = [path.read_text() for path in sorted((folder / "runs").rglob("*.log"))]
    assert any("continuing after step 10" in output for output in outputs)


def test_example_for_slurm_is_valid_and_its_script_runs(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "slurm", tmp_path / "slurm")
    config = json.loads((folder / "experiment_cfg.json").read_text())
    validate_config(config, folder)
    assert config.pop("executor")["type"] == "slurm"
    (folder / "experiment_cfg.json").write_text(json.dumps(config))
    assert summary_of(folder)["state"] == "finished"


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_configuration_of_an_example_is_valid(name: str) -> None:
    config = json.loads((EXAMPLES / name / "experiment_cfg.json").read_text())
    assert validate_config(config, EXAMPLES / name).config.max_runs == config["max_runs"]


def test_every_example_is_in_the_gallery() -> None:
    gallery = (ROOT / "docs" / "examples" / "index.md").read_text(encoding="utf-8")
    for folder in EXAMPLES.iterdir():
        assert not folder.is_dir() or f"## {folder.name}\n" in gallery, folder.name
