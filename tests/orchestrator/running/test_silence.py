"""When a user is warned that the optimization metric does not arrive."""

import math
from pathlib import Path

import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.running.runs.monitor import RunMonitor
from ml_tracking_ops.orchestrator.stopping import StoppingRules

CONFIG = {
    "main_script_name": "train.py",
    "hyperparameters": {"lr": {"type": "choice", "candidates": [1]}},
    "max_runs": 1,
    "early_stopping": False,
    "optimization_metric": "accuracy/validation",
    "optimization_goal": "max",
}


@pytest.mark.parametrize(
    ("logged", "running_s", "expected"),
    [
        ({"loss/train": 4}, 29.0, None),
        ({"loss/train": 4}, 31.0, "metric"),
        ({"loss/train": 5}, 9.0, None),  # the metric may come once an epoch
        ({"loss/train": 5}, 11.0, "metric"),
        ({"accuracy/train": 500}, 9.0, None),
        ({"Accuracy/Validation": 5}, 0.1, "metric"),
        ({"loss/train": 500, "accuracy/validation": 1}, math.inf, None),
        ({}, 29.0, None),
        ({}, math.inf, "nothing"),
    ],
)
def test_missing_metric_is_reported_at_once_only_if_misspelt(
    tmp_path: Path, logged: dict[str, int], running_s: float, expected: str | None
) -> None:
    path = tmp_path / "run_0001.dat"
    with ExperimentLogger.at(path) as writer:
        for name, n_values in logged.items():
            for step in range(n_values):
                writer.add_scalar(name, 0.5, step)
    config = SweepConfig.model_validate(CONFIG)
    monitor = RunMonitor(path, config, StoppingRules([]), 1)
    monitor.read_all()
    assert monitor.silence(running_s) == expected
