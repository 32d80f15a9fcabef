"""What a logger writes: any number, any step, any name."""

import math
import os
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from training_scripts import steps

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.logger.records import RECORD_SIZE
from ml_tracking_ops.logger.writing import metric_names


def test_a_value_costs_one_system_call_and_32_bytes(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalars({"loss": 1.0, "accuracy": 0.5}, 0)
        size_bytes = run_file.stat().st_size
        sizes = []
        write = os.write

        def counted_write(fd: int, data: bytes) -> int:
            sizes.append(len(data))
            return write(fd, data)

        monkeypatch.setattr(os, "write", counted_write)
        for step in range(1, 101):
            logger.add_scalars({"loss": 1.0, "accuracy": np.float32(0.5)}, step)
        monkeypatch.undo()
        assert sizes == [2 * RECORD_SIZE] * 100  # one system call for all metrics of a step
        assert run_file.stat().st_size == size_bytes + 200 * RECORD_SIZE


def test_a_value_can_be_read_as_soon_as_it_is_logged(run_file: Path) -> None:
    with ExperimentLogger() as logger:
        for step in range(10):
            before = time.time()
            logger.add_scalar("loss", step / 10, step)
            series = read_log(run_file)["loss"]
            assert (series.step[-1], series.value[-1]) == (step, step / 10)
            assert before <= series.wall_time[-1] <= time.time()


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        3,
        True,
        -0.0,
        math.inf,
        -math.inf,
        Fraction(1, 3),
        Decimal("0.1"),
        np.float64(0.1),
        np.float32(0.1),
        np.float16(0.1),
        np.int8(-3),
        np.uint64(2**64 - 1),
        np.bool_(True),
        np.array(0.1),
        np.array(7, np.int32),
        5e-324,
        1.7976931348623157e308,
    ],
)
def test_any_real_number_is_kept(run_file: Path, value: float) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", value, 1)
    found = read_log(run_file)["loss"].value[0]
    assert found == float(value)
    assert math.copysign(1, found) == math.copysign(1, float(value))


def test_nan_is_kept(run_file: Path) -> None:
    with ExperimentLogger() as logger:
        for value in (math.nan, np.float32("nan"), Decimal("nan")):
            logger.add_scalar("loss", value, 1)
    assert np.isnan(read_log(run_file)["loss"].value).tolist() == [True] * 3


def test_tensor_of_a_gradient_is_detached_first(run_file: Path) -> None:
    class Tensor:
        ndim = 0
        dtype = "torch.float32"

        def __float__(self) -> float:
            raise AssertionError("torch warns here")

        def detach(self) -> float:
            return 0.25

    with ExperimentLogger() as logger:
        logger.add_scalar("loss", Tensor(), 1)
    assert read_log(run_file)["loss"].value.tolist() == [0.25]


@pytest.mark.parametrize(
    "step", [0, -(2**63), 2**63 - 1, True, np.int16(5), np.uint8(5), np.array(5)]
)
def test_any_integer_step_is_kept(run_file: Path, step: int) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, step)
        logger.add_scalar("loss", 1.0, step)
    assert steps(read_log(run_file)) == [int(step)] * 2


@pytest.mark.parametrize(
    "name", ["a", "Ünïcödé 🎉", "with\nnewline", "<b>bold</b>", "nul\0", " ", "x" * 65535]
)
def test_any_name_is_kept(run_file: Path, name: str) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar(name, 1.0, 1)
    assert list(read_log(run_file)) == [name]


def test_names_whose_ids_collide_stay_apart(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_names, "metric_id", lambda name: 2**40 - 1)
    with ExperimentLogger() as logger:
        for index, name in enumerate(("a", "b", "c", "a")):
            logger.add_scalar(name, index, 0)
    log = read_log(run_file)
    assert {name: log[name].value.tolist() for name in log} == {"a": [0, 3], "b": [1], "c": [2]}
    assert log.n_skipped == 0
