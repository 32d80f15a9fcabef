"""Folders with waiting and finished sweeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sweeps import processes_with, run_command, wait_until, write_config

from ml_tracking_ops.experiment.logger import ExperimentLogger


@pytest.fixture
def flag(tmp_path: Path) -> Iterator[Path]:
    """A file that the trainers wait for; when the test is over it is there, and nothing runs."""
    flag = tmp_path / "flag"
    yield flag
    flag.touch()
    wait_until(lambda: not processes_with(str(tmp_path)), "the processes to end")


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A folder with a finished sweep of three runs and an experiment."""
    write_config(tmp_path, "short.py", seed=5)
    done = run_command("sweep", "--workers", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    with ExperimentLogger(logdir=tmp_path / "runs") as writer:
        writer.add_scalar("Loss", 0.5, 1)
        writer.add_scalar("Loss", float("nan"), 2)
        writer.add_scalar("Loss", 0.25, 4)
    return tmp_path
