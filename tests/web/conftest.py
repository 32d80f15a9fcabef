"""A log folder, and somebody who asks the app for pages about it."""

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
    """Looks into the folder for every page again, however fast they follow one another."""
    return Client(logdir, Limits(fresh_s=-1.0))


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[ExperimentLogger]:
    """The log of an experiment in the log folder `tmp_path`."""
    with ExperimentLogger(logdir=str(tmp_path)) as logger:
        yield logger


@pytest.fixture
def run_id(logger: ExperimentLogger) -> str:
    """What the pages call that experiment."""
    return os.path.basename(logger.folder)
