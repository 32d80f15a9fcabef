"""Packed points of many runs are sent again by a later server, as long as nothing has changed."""

import os
import time
from pathlib import Path

import pytest
from settled_logs import LONG_AGO, write_settled_log
from starlette.testclient import TestClient

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.series import api
from ml_tracking_ops.web.series.kept_answers import LEAST_RUNS


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "cache", 100_000_000)


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    return [write_settled_log(tmp_path / "runs", f"run{index:02}") for index in range(LEAST_RUNS)]


def points(logs: list[Path], cache: CacheFolder | None, encoding: str = "gzip") -> bytes:
    """What a new server sends."""
    app = create_app(logs[0].parents[1], cache=cache)
    asked = "&".join(f"run={path.stem}" for path in logs)
    client = TestClient(app, base_url="http://localhost", headers={"accept-encoding": encoding})
    answer = client.get(f"/api/points?{asked}&points=16")
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding", "identity") == encoding
    return answer.content


def test_answer_is_made_once_for_unchanged_logs(
    logs: list[Path], cache: CacheFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = points(logs, cache)
    assert first == points(logs, None)
    monkeypatch.setattr(api, "packed_runs", None)
    assert points(logs, cache) == first
    assert points(logs, cache, "identity") == first


def test_changed_log_changes_the_answer(logs: list[Path], cache: CacheFolder) -> None:
    first = points(logs, cache)
    with ExperimentLogger.at(logs[3]) as logger:
        logger.add_scalar("loss", 7.0, 50)
    os.utime(logs[3], (LONG_AGO, LONG_AGO))
    changed = points(logs, cache)
    assert changed != first
    assert changed == points(logs, None)


def test_damaged_answer_is_made_again(logs: list[Path], cache: CacheFolder) -> None:
    first = points(logs, cache)
    for path in cache.folder.rglob("*"):
        if path.is_file():
            data = bytearray(path.read_bytes())
            data[-1] ^= 1
            path.write_bytes(bytes(data[: len(data) // 2]))
    assert points(logs, cache) == first


def test_growing_logs_few_runs_and_unreadable_logs_are_not_kept(
    logs: list[Path], cache: CacheFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    write = cache.write
    monkeypatch.setattr(cache, "write", lambda key, data: kept.append(key) or write(key, data))

    def n_answers() -> int:
        return sum(key.startswith("points") for key in kept)

    points(logs[1:], cache)
    now = time.time()
    os.utime(logs[0], (now, now))
    points(logs, cache)
    data = logs[0].read_bytes()
    logs[0].write_bytes(b"")
    os.utime(logs[0], (LONG_AGO, LONG_AGO))
    points(logs, cache)
    assert n_answers() == 0
    logs[0].write_bytes(data)
    os.utime(logs[0], (LONG_AGO, LONG_AGO))
    points(logs, cache)
    assert n_answers() == 1
