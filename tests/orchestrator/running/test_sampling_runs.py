"""A sweep samples its runs, which changes nothing else of them."""

import json
from pathlib import Path

import pytest
from sweeps import run_command, write_config

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator.running.runs import system_metrics
from ml_tracking_ops.orchestrator.sweep import run_sweep

SLOW = """
import time
from argparse import ArgumentParser
from pathlib import Path
from ml_tracking_ops.experiment.logger import ExperimentLogger
parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--x", type=float)
config = parser.parse_args()
with ExperimentLogger(config.logdir) as writer:
    writer.add_scalar("Accuracy", config.x, 0)
    system = Path(writer.path.replace(".dat", ".system.dat"))
    deadline = time.monotonic() + 60
    while not (system.exists() and system.stat().st_size > 1000):
        assert time.monotonic() < deadline, "not sampled"
        time.sleep(0.01)
"""


@pytest.mark.parametrize("is_on", [True, False])
def test_runs_are_sampled_unless_the_configuration_says_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_on: bool
) -> None:
    monkeypatch.setattr(system_metrics.SystemMetrics.__init__, "__defaults__", (0.05, 0.05))
    config = write_config(tmp_path, "short.py", max_runs=2, system_metrics=is_on)
    if is_on:
        (tmp_path / "short.py").write_text(SLOW)
    monkeypatch.chdir(tmp_path)

    result = run_sweep(config, workers=2)

    assert result.state == "finished"
    logs = list(Path(result.folder).glob("*.system.dat"))
    assert len(logs) == (2 if is_on else 0)
    for log in logs:
        assert read_log(log)["system/memory"].value.max() > 1
    shown = json.loads(run_command("show", result.folder, "1", "--json", folder=tmp_path).stdout)
    assert list(shown["metrics"]) == ["Accuracy"]
    deleted = run_command("delete", "--yes", Path(result.folder).name, folder=tmp_path)
    assert deleted.returncode == 0, deleted.stderr
