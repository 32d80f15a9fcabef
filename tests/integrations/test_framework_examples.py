"""The examples that need a framework, as a user runs them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
LIMIT_S = 240


@pytest.mark.parametrize(
    "name",
    ["hydra", "keras", "lightning", "pytorch", "stable_baselines3", "transformers", "xgboost"],
)
def test_example_runs_to_its_end(name, tmp_path):
    folder = shutil.copytree(EXAMPLES / name, tmp_path / name)
    command = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "sweep", "--json"]
    done = subprocess.run(
        [*command, "--workers", "1"],
        cwd=folder,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["counts"] == {"finished": len(list((folder / "runs").glob("*/*.log")))}
    assert summary["best"]["best_value"] is not None
