"""How a log ends: closed, left by an error, killed."""

import sys
from pathlib import Path

import pytest
from training_scripts import finish, run_script

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.reading.reader import read_ending


def test_closed_logger_refuses_values_and_closes_twice(run_file: Path) -> None:
    logger = ExperimentLogger()
    logger.add_scalar("loss", 1.0, 1)
    logger.close()
    logger.close()
    with pytest.raises(ValueError, match=r"closed, so 'loss' cannot be logged .*run\.dat"):
        logger.add_scalar("loss", 1.0, 2)
    assert "closed" in repr(logger)
    log = read_log(run_file)
    assert (log.is_closed, log.ended_with_error, len(log["loss"])) == (True, False, 1)


def test_block_left_by_an_exception_is_marked(run_file: Path) -> None:
    with pytest.raises(ZeroDivisionError), ExperimentLogger() as logger:
        logger.add_scalar("loss", 1 / 0, 1)
    assert read_ending(run_file).ended_with_error


@pytest.mark.parametrize(("code", "is_error"), [(0, False), (None, False), (3, True), ("no", True)])
def test_block_left_by_exit_is_marked_by_its_code(
    run_file: Path, code: int | str | None, is_error: bool
) -> None:
    with pytest.raises(SystemExit), ExperimentLogger():
        sys.exit(code)
    assert read_ending(run_file).ended_with_error is is_error


@pytest.mark.parametrize(
    ("ending", "returncode", "is_closed", "with_error"),
    [
        ("pass", 0, True, False),
        ("sys.exit(0)", 0, True, False),
        ("raise RuntimeError", 1, True, True),
        ("os._exit(0)", 0, False, False),
        ("os.kill(os.getpid(), 9)", -9, False, False),
        ("logger = None; os._exit(0)", 0, True, False),
    ],
)
def test_process_that_does_not_close_leaves_what_happened(
    run_file: Path, ending: str, returncode: int, is_closed: bool, with_error: bool
) -> None:
    script = f"logger = ExperimentLogger()\nlogger.add_scalar('loss', 1.0, 1)\n{ending}"
    finish(run_script(script), returncode)
    found = read_ending(run_file)
    assert (found.is_closed, found.ended_with_error) == (is_closed, with_error)
    assert is_held(run_file) is False


def test_no_descriptor_is_left_open(run_file: Path, no_leaks: None) -> None:
    for _ in range(3):
        logger = ExperimentLogger()
        logger.add_scalar("loss", 1.0, 1)
    logger.close()
    del logger
    assert len(read_log(run_file)["loss"]) == 3
