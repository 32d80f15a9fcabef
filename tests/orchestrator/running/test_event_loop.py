"""What a sweep does in threads, so that its event loop sees to other runs meanwhile."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRAIN = """
from ml_tracking_ops.experiment.logger import ExperimentLogger
with ExperimentLogger() as logger:
    logger.add_scalar("score", 1.0, 1)
"""
PROGRAM = """
import sys, threading

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("numpy", "ml_tracking_ops.logger.writing.experiment_logger"):
            where = "loop" if threading.current_thread() is threading.main_thread() else "thread"
            print(name.rpartition(".")[2], where)

sys.meta_path.insert(0, Watch())
from ml_tracking_ops.orchestrator.running.scheduler import SystemMetrics
SystemMetrics.__init__.__defaults__ = (0.0, None)
from ml_tracking_ops.orchestrator.cli.main import main
sys.exit(main(["sweep", "--json"]))
"""


@pytest.mark.parametrize("metrics_from", ["log", "stdout"])
def test_long_imports_of_a_running_sweep_are_not_made_by_its_loop(
    tmp_path: Path, metrics_from: str
) -> None:
    (tmp_path / "train.py").write_text(TRAIN if metrics_from == "log" else "print('score: 1')")
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "choice", "candidates": [1, 2]}},
        "max_runs": 2,
        "early_stopping": False,
        "metrics_from": metrics_from,
        **({"metrics_pattern": r"(?P<name>\w+): (?P<value>\S+)"} if metrics_from != "log" else {}),
        "optimization_metric": "score",
        "optimization_goal": "max",
    }
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    message = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert sorted(message) == ["experiment_logger thread", "numpy thread"]
