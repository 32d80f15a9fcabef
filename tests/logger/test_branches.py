"""A training that continued from an earlier step: which values count."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.logger import ExperimentLogger, LogTail, read_log
from ml_tracking_ops.logger.reading.branches import are_kept


@pytest.mark.parametrize(
    ("sessions", "kept"),
    [
        ([[0, 1, 2, 3], [2, 3, 4]], [0, 1, 2, 3, 4]),
        ([[0, 10, 20], [15, 25]], [0, 10, 15, 25]),
        ([[0, 1], [2, 3]], [0, 1, 2, 3]),
        ([[0, 1, 2], [], [1]], [0, 1]),
        ([[0, 1, 2, 3], [3, 4], [1]], [0, 1]),
        ([[0, 1, 0, 1], [2]], [0, 1, 0, 1, 2]),  # epochs that each restart are repetitions
        ([[5, 6], [0, 1]], [0, 1]),
    ],
)
def test_values_from_the_first_step_of_a_later_session_are_abandoned(
    sessions: list[list[int]], kept: list[int]
) -> None:
    steps = np.array([step for session in sessions for step in session], np.int64)
    starts = np.cumsum([len(session) for session in sessions])[:-1].tolist()
    assert steps[are_kept(steps, starts)].tolist() == kept


def write(path: Path, *sessions: dict[str, list[int]]) -> None:
    for number, session in enumerate(sessions):
        with ExperimentLogger.at(path) as writer:
            for name, steps in session.items():
                for step in steps:
                    writer.add_scalar(name, number, step)


def test_log_opened_again_holds_one_history_and_what_was_abandoned(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    write(path, {"loss": [0, 10, 20, 30], "val": [0, 20]}, {"loss": [15, 25, 35]})
    log = read_log(path)
    assert log["loss"].step.tolist() == [0, 10, 15, 25, 35]
    assert log["loss"].value.tolist() == [0, 0, 1, 1, 1]
    abandoned = log.abandoned("loss")
    assert abandoned is not None
    assert abandoned.step.tolist() == [20, 30]
    assert log["val"].step.tolist() == [0, 20]
    assert log.abandoned("val") is None
    assert log.is_closed


def test_second_writer_beside_the_first_is_no_new_session(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    with ExperimentLogger.at(path) as first, ExperimentLogger.at(path) as second:
        for step in range(3):
            first.add_scalar("loss", 1.0, step)
        for step in range(3):
            second.add_scalar("loss", 2.0, step)
    assert read_log(path)["loss"].step.tolist() == [0, 1, 2, 0, 1, 2]


def test_ending_of_a_log_that_was_only_opened_again_is_open(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    write(path, {"loss": [0]})
    writer = ExperimentLogger.at(path)
    assert not read_log(path).is_closed
    writer.close()
    assert read_log(path).is_closed


@pytest.mark.parametrize("max_bytes", [32, 64, 320, 1 << 20])
def test_tail_restarts_where_values_are_abandoned(tmp_path: Path, max_bytes: int) -> None:
    path = tmp_path / "r.dat"
    sessions = [
        {"loss": [0, 10, 20, 30], "val": [0, 20]},
        {"loss": [15, 25], "val": [10]},
        {"loss": [20, 35, 45]},
    ]
    tail, found = LogTail(path), dict[str, list[int]]()
    for session in sessions:
        write(path, session)
        has_more = True
        while has_more:
            batch = tail.read(max_bytes)
            if batch.was_reset:
                found.clear()
            for name, series in batch.series.items():
                found.setdefault(name, []).extend(series.step.tolist())
            has_more = batch.has_more
    log = read_log(path)
    assert found == {name: log[name].step.tolist() for name in log}
    assert found["loss"] == [0, 10, 15, 20, 35, 45]


def test_tail_of_a_log_that_only_grows_is_never_reset(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    tail = LogTail(path)
    for first in (0, 10, 20):
        write(path, {"loss": [first, first + 5]})
        batch = tail.read()
        assert batch.is_closed
        kept = batch.series["loss"].step.tolist()
        assert kept[-2:] == [first, first + 5]


@given(st.lists(st.lists(st.integers(-5, 20), max_size=6), min_size=1, max_size=5))
def test_last_session_counts_whole_and_kept_sessions_never_overlap(
    sessions: list[list[int]],
) -> None:
    steps = np.array([step for session in sessions for step in session], np.int64)
    starts = np.cumsum([len(session) for session in sessions])[:-1].tolist()
    kept = are_kept(steps, starts)
    bounds = [0, *starts, len(steps)]
    parts = [steps[a:b][kept[a:b]] for a, b in itertools.pairwise(bounds)]
    assert len(parts[-1]) == len(sessions[-1])
    for number, part in enumerate(parts):
        for later in sessions[number + 1 :]:
            assert not later or all(part < later[0])
