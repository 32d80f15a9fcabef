"""A log folder, and somebody who asks the app for pages about it."""

from pathlib import Path

import pytest
from pages import Client

from ml_tracking_ops.web.serving.limits import Limits


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def client(logdir: Path) -> Client:
    """Looks into the folder for every page again, however fast they follow one another."""
    return Client(logdir, Limits(fresh_s=-1.0))
