"""Media whose folder or index was closed, deleted or replaced while a script logs."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ml_tracking_ops.logger import ExperimentLogger, read_run
from ml_tracking_ops.logger.paths import media_index_of


def descriptor_of(path: str) -> int:
    links = ((fd, f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
    return next(int(fd) for fd, link in links if os.path.realpath(link) == path)


def steps(logger: ExperimentLogger) -> list[int]:
    return [item.step for item in read_run(logger.folder).media["t"]]


def test_index_closed_by_somebody_else_loses_nothing(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as logger:
        logger.add_text("t", "x", 1)
        os.close(descriptor_of(media_index_of(logger.path)))
        logger.add_text("t", "x", 2)
        logger.add_text("t", "x", 3)
        assert logger.n_dropped == 0
    assert steps(logger) == [1, 2, 3]


def test_index_whose_number_became_another_file_is_left_alone(
    tmp_path: Path, later: Callable[[], None]
) -> None:
    with ExperimentLogger(tmp_path / "runs") as logger, (tmp_path / "other").open("wb") as other:
        logger.add_text("t", "x", 1)
        fd = descriptor_of(media_index_of(logger.path))
        os.dup2(other.fileno(), fd)
        later()
        logger.add_text("t", "x", 2)
        assert os.path.samestat(os.fstat(fd), os.fstat(other.fileno()))
        os.close(fd)
    assert steps(logger) == [1, 2]
    assert (tmp_path / "other").read_bytes() == b""


def test_deleted_index_begins_again(tmp_path: Path, later: Callable[[], None]) -> None:
    n_open = len(os.listdir("/proc/self/fd"))
    with ExperimentLogger(tmp_path) as logger:
        logger.add_text("t", "x", 1)
        os.unlink(media_index_of(logger.path))
        later()
        logger.add_text("t", "x", 2)
    assert steps(logger) == [2]
    assert len(os.listdir("/proc/self/fd")) == n_open


def test_deleted_folder_is_not_created_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = ExperimentLogger(tmp_path)
    logger.add_text("t", "x" * 5_000, 1)
    shutil.rmtree(logger.folder)
    for step in range(2, 5):
        logger.add_text("t", "y" * 5_000, step)
    logger.close()
    assert logger.n_dropped == 3
    assert os.listdir(tmp_path) == []
    assert "Values are dropped until it can be written again" in capsys.readouterr().err


@pytest.mark.parametrize("wall_time", [float("nan"), float("inf")])
def test_invalid_time_is_refused(tmp_path: Path, wall_time: float) -> None:
    with ExperimentLogger(tmp_path) as logger, pytest.raises(ValueError, match="since the epoch"):
        logger.add_text("t", "x", 1, wall_time=wall_time)
