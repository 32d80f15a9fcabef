"""A log folder and a client of its pages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Client

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.serving.limits import Limits


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def client(logdir: Path) -> Client:
    """Return a client for which every request scans the folder again."""
    return Client(logdir, Limits(fresh_s=-1.0))


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[ExperimentLogger]:
    """Return the logger of an experiment in the log folder `tmp_path`."""
    with ExperimentLogger(logdir=str(tmp_path)) as logger:
        yield logger


@pytest.fixture
def run_id(logger: ExperimentLogger) -> str:
    """Return the id of that experiment on the pages."""
    return os.path.basename(logger.folder)
