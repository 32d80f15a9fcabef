"""How much of images and the like a run keeps."""

import math
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_tracking_ops.logger import ExperimentLogger, read_run
from ml_tracking_ops.logger.media.encoding.png import encode_png
from ml_tracking_ops.logger.paths import media_index_of

PNG = encode_png(np.full((2, 3, 3), 7, np.uint8))


def noise_png(number: int, side: int) -> bytes:
    return encode_png(np.random.default_rng(number).integers(0, 255, (side, side, 3), np.uint8))


def test_used_up_budget_is_reported_once_and_stops_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = ExperimentLogger(tmp_path, media_budget_bytes=1_000)
    logger.add_image("a", PNG, 0)
    for step in range(1, 4):
        logger.add_image("a", noise_png(step, side=40), step)
    logger.add_image("a", PNG, 4)
    logger.add_scalar("loss", 0.5, 4)
    logger.close()
    assert [item.step for item in read_run(logger.folder).media["a"]] == [0, 4]
    first, last = capfd.readouterr().err.splitlines()
    assert "is used up: image 'a' of step 1 is not kept. Of what follows, only what" in first
    assert "3 images or other media were not kept" in last


def test_budget_counts_what_stands_in_the_index_alone(tmp_path: Path) -> None:
    budget = 20_000
    with ExperimentLogger(tmp_path, media_budget_bytes=budget) as logger:
        for step in range(30):
            logger.add_text("t", "x" * 1_000, step)
            logger.add_histogram("h", range(100), step)
    index = Path(media_index_of(logger.path))
    assert budget - 2_000 < index.stat().st_size < budget + 100
    again = ExperimentLogger.at(logger.path)
    again._media_budget_bytes = budget
    again.add_text("t", "x" * 1_000, 30)
    again.close()
    assert [item.step for item in read_run(logger.folder).media["t"]][-1] < 15


def test_budget_counts_what_an_earlier_process_of_the_run_wrote(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as first:
        first.add_image("a", noise_png(1, side=60), 0)
    again = ExperimentLogger.at(first.path)
    again._media_budget_bytes = 5_000
    again.add_image("a", PNG, 1)
    again.close()
    assert [item.step for item in read_run(first.folder).media["a"]] == [0]


@pytest.mark.parametrize("budget", ["1GB", None, True, math.nan, math.inf, 1.5])
def test_budget_that_is_no_number_of_bytes_is_refused_at_once(tmp_path: Path, budget: Any) -> None:
    with pytest.raises(TypeError, match=r"media_budget_bytes must be a whole number .* not .*GB"):
        ExperimentLogger(tmp_path, media_budget_bytes=budget)
    with pytest.raises(ValueError, match="must be 0 or more, not -1"):
        ExperimentLogger(tmp_path, media_budget_bytes=-1)
    assert os.listdir(tmp_path) == []


def test_budget_may_be_a_number_of_any_library(tmp_path: Path) -> None:
    for budget in (1e3, np.int64(1_000)):
        with ExperimentLogger(tmp_path, media_budget_bytes=budget) as logger:
            logger.add_image("a", PNG, 0)
            logger.add_image("a", noise_png(1, side=40), 1)
        assert [item.step for item in read_run(logger.folder).media["a"]] == [0]


def test_logger_in_another_process_has_the_same_budget(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path, media_budget_bytes=1_000) as logger:
        child = pickle.loads(pickle.dumps(logger))
        child.add_image("a", noise_png(1, side=40), 0)
        child.close()
        assert read_run(logger.folder).media.counts == {}
