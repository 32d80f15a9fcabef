"""A log folder, and somebody who asks the app for pages about it."""

from pathlib import Path

import pytest
from pages import Client


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def client(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Looks into the folder for every page anew, however fast they follow one another."""
    monkeypatch.setattr("ml_tracking_ops.web.runs.catalog_access._FRESH_FOR_S", -1.0)
    return Client(logdir)
