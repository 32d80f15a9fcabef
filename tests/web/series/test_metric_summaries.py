"""Statistics of whole logs, for tables: right, read once, and read again after a change."""

import math
from pathlib import Path

import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.series import summaries as metric_summaries
from ml_tracking_ops.web.series.digests.log_digests import LogDigests
from ml_tracking_ops.web.series.summaries import LogToRead, MetricSummaries


def log(path: Path, monkeypatch: pytest.MonkeyPatch, points: list[tuple[int, float]]) -> None:
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
    with ExperimentLogger() as writer:
        for step, value in points:
            writer.add_scalar("Loss", value, step)


def test_last_is_the_last_write_of_the_highest_step_and_nan_is_no_extreme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.dat"
    log(path, monkeypatch, [(0, 3.0), (9, 5.0), (2, 1.0), (9, 4.0), (3, math.nan)])
    found, n_missing = MetricSummaries().read([LogToRead(path, False)], 60.0)
    loss = found[path]["Loss"]
    assert (loss.last, loss.last_step, loss.min, loss.max) == (4.0, 9, 1.0, 5.0)
    assert (loss.count, n_missing) == (5, 0)


def test_log_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"{n}.dat" for n in range(3)]
    for path in paths:
        log(path, monkeypatch, [(0, 3.0)])
    n_reads = 0
    read = metric_summaries.read_summaries

    def count(path: Path, digests: LogDigests) -> object:
        nonlocal n_reads
        n_reads += 1
        return read(path, digests)

    monkeypatch.setattr(metric_summaries, "read_summaries", count)
    store = MetricSummaries()
    logs = [LogToRead(path, False) for path in paths]
    assert store.read(logs, 0.0) == ({}, 3)  # no time: reported, not guessed
    for _ in range(3):
        assert len(store.read(logs, 60.0)[0]) == 3
    assert n_reads == 3
    log(paths[0], monkeypatch, [(1, 7.0)])
    found, _ = store.read(logs, 60.0)
    assert (found[paths[0]]["Loss"].last, n_reads) == (7.0, 4)


def test_missing_or_foreign_file_has_no_metrics(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.dat"
    foreign.write_bytes(b"something else")
    logs = [LogToRead(tmp_path / "none.dat", True), LogToRead(foreign, True)]
    found, _ = MetricSummaries().read(logs, 60.0)
    assert [dict(one) for one in found.values()] == [{}, {}]


def test_goals_that_a_script_gave_are_known_once_its_log_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.dat"
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
    with ExperimentLogger(higher_is_better={"reward": True, "cost": False}) as writer:
        for metric in ("reward", "cost", "lr"):
            writer.add_scalar(metric, 1.0, 0)
    store, logs = MetricSummaries(), [LogToRead(path, True)]
    assert store.logged_goals(logs) == {}
    store.read(logs, 60.0)
    assert store.logged_goals(logs) == {"reward": "max", "cost": "min"}
