"""How long files have been silent, independent of the clock of this machine."""

import os
import time
from pathlib import Path

import pytest

from ml_tracking_ops.logger import server_clock
from ml_tracking_ops.logger.server_clock import silent_for_s

SKEWS_S = [-7200.0, 7200.0]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of any clock yet."""
    monkeypatch.setattr(server_clock, "_ahead", {})


@pytest.fixture
def touched(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    path.write_text("")
    at = time.time() - 100
    os.utime(path, (at, at))
    return path


@pytest.mark.parametrize("skew_s", SKEWS_S)
def test_local_clock_is_ignored_on_a_network_file_system(
    touched: Path, monkeypatch: pytest.MonkeyPatch, skew_s: float
) -> None:
    real = time.time
    monkeypatch.setattr(server_clock, "is_on_network", lambda folder: True)
    monkeypatch.setattr(time, "time", lambda: real() + skew_s)
    assert 99 < silent_for_s(touched, touched.parent) < 100 + abs(skew_s) / 2


def test_local_clock_is_used_if_the_server_clock_is_unknown(touched: Path) -> None:
    assert silent_for_s(touched, touched.parent / "missing") > 99


def test_missing_file_is_not_silent(tmp_path: Path) -> None:
    assert silent_for_s(tmp_path / "missing", tmp_path) == 0.0


def test_nothing_is_left_where_the_servers_time_was_learned(
    touched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_clock, "is_on_network", lambda folder: True)
    silent_for_s(touched, touched.parent)
    assert [path.name for path in touched.parent.iterdir()] == [touched.name]
