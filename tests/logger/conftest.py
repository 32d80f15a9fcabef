"""A clock that can be put forward."""

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Advance the clock by two seconds, so that a logger checks its file again."""
    now = time.time
    ahead_s = [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + ahead_s[0])

    def go_on() -> None:
        ahead_s[0] += 2.0

    return go_on
