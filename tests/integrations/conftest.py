"""Small trainings with the real frameworks. `scripts/test-integrations` installs and runs them.

The main suite does not collect this folder: see `norecursedirs` in pyproject.toml.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.logger import read_log

SCRIPTS = Path(__file__).parent / "scripts"
LIMIT_S = 240

Series = dict[str, tuple[list[int], list[float]]]


def read_series(dat: Path) -> Series:
    """Metric -> its steps and its values."""
    return {name: (list(one.step), list(one.value)) for name, one in read_log(dat).items()}


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., tuple[Series, Any]]:
    """Run a script by hand. Return what was logged, and what the framework itself reports."""

    def run(script: str) -> tuple[Series, Any]:
        report = tmp_path / "report.json"
        done = subprocess.run(
            [sys.executable, SCRIPTS / script],
            cwd=tmp_path,
            env={**os.environ, "REPORT": str(report), "CUDA_VISIBLE_DEVICES": ""},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        logs = [path for path in (tmp_path / "runs").rglob("*.dat") if ".system" not in path.name]
        assert len(logs) == 1, logs
        return read_series(logs[0]), json.loads(report.read_text())

    return run


@pytest.fixture
def sweep(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Sweep a script with a rule that stops every run after its first values. Return the runs."""

    def run(script: str, metric: str) -> list[dict[str, Any]]:
        config = {
            "main_script_name": str(SCRIPTS / script),
            "hyperparameters": {"learning_rate": {"type": "uniform", "min": 0.01, "max": 0.02}},
            "max_runs": 1,
            "early_stopping": False,
            "optimization_metric": metric,
            "optimization_goal": "min",
            "stopping_rules": [{"rule": "threshold", "above": -1e9}],
            "environment": {"EPOCHS": "200000", "REPORT": str(tmp_path / "report.json")},
            "grace_s": 60,
        }
        (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]
        done = subprocess.run(
            [*command, "sweep"], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S
        )
        assert done.returncode == 0, done.stdout + done.stderr
        [folder] = (path.parent for path in (tmp_path / "runs").glob("*/journal.jsonl"))
        shown = subprocess.run(
            [*command, "show", folder, "--json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        runs: list[dict[str, Any]] = json.loads(shown.stdout)["runs"]
        output = "\n".join(path.read_text() for path in folder.glob("*.log"))
        assert runs, shown.stdout + shown.stderr
        return [{**one, "output": output} for one in runs]

    return run
