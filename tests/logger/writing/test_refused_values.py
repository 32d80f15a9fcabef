"""What a logger refuses, and says of it."""

import math
import traceback
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.logger.writing import arguments

WRONG = [
    ("", 1.0, 1, ValueError, "must not be empty"),
    (None, 1.0, 1, TypeError, r"must be a string, not None \(NoneType\)\. The order is add_scalar"),
    (3, 1.0, 1, TypeError, r"must be a string, not 3 \(int\)"),
    (["loss"], 1.0, 1, TypeError, "must be a string"),
    ("a\ud800", 1.0, 1, ValueError, "lone surrogate at position 1"),
    ("é" * 32768, 1.0, 1, ValueError, "up to 65535 bytes .* takes 65536. Shorten it"),
    ("loss", "0.5", 1, TypeError, r"metric 'loss' .* not '0.5' \(str\)\. .*float\(value\)"),
    ("loss", b"0.5", 1, TypeError, "one real number"),
    ("loss", None, 1, TypeError, "if there is no value"),
    ("loss", 1j, 1, TypeError, "its modulus"),
    ("loss", np.complex64(1), 1, TypeError, "its modulus"),
    ("loss", [0.5], 1, TypeError, "one real number"),
    ("loss", np.array([0.5, 1.0]), 1, TypeError, r"value\.mean\(\)"),
    ("loss", np.array([]), 1, TypeError, r"value\.mean\(\)"),
    ("loss", np.zeros((2, 2)), 1, TypeError, r"value\.mean\(\)"),
    ("loss", np.datetime64("2026-01-01"), 1, TypeError, "one real number"),
    ("loss", np.str_("0.5"), 1, TypeError, "one real number"),
    ("loss", 10**400, 1, ValueError, "an integer of 1329 bits .* too large|too large for a float"),
    ("loss", Decimal("snan"), 1, TypeError, "does not become one"),
    ("loss", object(), 1, TypeError, "one real number"),
    (
        "loss",
        1.0,
        1.5,
        TypeError,
        r"metric 'loss' must be a whole number, not 1.5 \(float\)\. .*int\(",
    ),
    ("loss", 1.0, np.float32(2.5), TypeError, "as in 2"),
    ("loss", 1.0, math.nan, TypeError, "must be a whole number"),
    ("loss", 1.0, math.inf, TypeError, "must be a whole number"),
    ("loss", 1.0, 1j, TypeError, "must be a whole number"),
    ("loss", 1.0, 1e30, ValueError, "fit into 64 bits"),
    ("loss", 1.0, "1", TypeError, "Count steps as an int"),
    ("loss", 1.0, None, TypeError, "Count steps as an int"),
    ("loss", 1.0, np.array([1, 2]), TypeError, "must be a whole number"),
    ("loss", 1.0, 2**63, ValueError, "fit into 64 bits .* 9223372036854775808"),
    ("loss", 1.0, -(2**63) - 1, ValueError, "fit into 64 bits"),
]


@pytest.mark.parametrize(
    "step", [4096, 4096.0, np.float32(4096), np.int64(4096), np.array([4096]), np.array([[4096.0]])]
)
@pytest.mark.parametrize("value", [15.0, np.array([15.0]), np.array([[15]], dtype="f4")])
def test_whole_float_is_a_step_and_an_array_of_one_element_a_value(
    run_file: Path, value: float, step: int
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("a", value, step)
        logger.add_scalars({"b": value, "c": 1}, step)
    log = read_log(run_file)
    assert {name: (s.step.tolist(), s.value.tolist()) for name, s in log.items()} == {
        "a": ([4096], [15.0]),
        "b": ([4096], [15.0]),
        "c": ([4096], [1.0]),
    }


def test_tilde_in_a_log_folder_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with ExperimentLogger(logdir="~/runs") as logger:
        logger.add_scalar("loss", 1.0, 0)
    assert Path(logger.path).parents[1] == tmp_path / "runs"
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(("name", "value", "step", "kind", "message"), WRONG)
def test_wrong_argument_is_refused_and_named(
    run_file: Path, name: str, value: float, step: int, kind: type[Exception], message: str
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 0.0, 0)
        for _ in range(2):
            with pytest.raises(kind, match=message) as caught:
                logger.add_scalar(name, value, step)
            assert "During handling" not in "".join(traceback.format_exception(caught.value))
        assert logger.n_dropped == 0
    log = read_log(run_file)
    assert list(log) == ["loss"]
    assert len(log["loss"]) == 1


def test_foreign_object_with_a_broken_repr_is_refused(run_file: Path) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    with ExperimentLogger() as logger, pytest.raises(TypeError, match="an object without a repr"):
        logger.add_scalar("loss", Broken(), 1)  # type: ignore[arg-type]


def test_long_argument_is_cut_in_the_message(run_file: Path) -> None:
    with ExperimentLogger() as logger, pytest.raises(TypeError) as caught:
        logger.add_scalar("loss", "x" * 10_000, 1)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 300


def test_add_scalars_refuses_anything_but_a_dict(run_file: Path) -> None:
    with ExperimentLogger() as logger, pytest.raises(TypeError, match=r"takes a dict .* not list"):
        logger.add_scalars([("loss", 1.0)], 1)  # type: ignore[arg-type]


def test_checked_step_of_a_size_that_has_no_int_gives_a_plain_example() -> None:
    with pytest.raises(TypeError, match=r"as in 1"):
        arguments.checked_step("loss", math.inf)  # type: ignore[arg-type]
