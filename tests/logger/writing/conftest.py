"""Where a sweep lets a logger write."""

from pathlib import Path

import pytest
from training_scripts import RUN_FILE


@pytest.fixture
def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.dat` file that a sweep gives to this process."""
    path = tmp_path / "run.dat"
    monkeypatch.setenv(RUN_FILE, str(path))
    return path
