"""Where a sweep lets a logger write, and a clock that can be put forward."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from training_scripts import RUN_FILE


@pytest.fixture
def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.dat` that a sweep has chosen for this process."""
    path = tmp_path / "run.dat"
    monkeypatch.setenv(RUN_FILE, str(path))
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the clock advance by two seconds, after which a logger looks at its file again."""
    now = time.time
    ahead_s = [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + ahead_s[0])

    def go_on() -> None:
        ahead_s[0] += 2.0

    return go_on
