"""Where a logger writes."""

import os
import pickle
import re
from pathlib import Path

import pytest
from training_scripts import steps

from ml_tracking_ops.logger import ExperimentLogger, read_log


def test_run_by_hand_gets_a_folder_named_after_the_time(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path / "runs") as logger:
        logger.add_scalar("Loss", 0.5, 0)
    folder = Path(logger.folder)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", folder.name)
    assert folder.parent == tmp_path / "runs"
    assert sorted(os.listdir(folder)) == [f"{folder.name}.dat", f"{folder.name}.run.json"]
    assert Path(logger.path) == folder / f"{folder.name}.dat"
    assert read_log(folder)["Loss"].value.tolist() == [0.5]


def test_loggers_of_the_same_second_get_folders_of_their_own(tmp_path: Path) -> None:
    loggers = [ExperimentLogger(str(tmp_path)) for _ in range(5)]
    assert len({logger.folder for logger in loggers}) == 5
    for logger in loggers:
        logger.close()


def test_arguments_of_the_original_tool_are_accepted(tmp_path: Path) -> None:
    with ExperimentLogger(logdir=tmp_path, max_events=10, log_interval=5) as logger:
        logger.add_scalar("Loss", 1, 0)
        assert read_log(logger.path)["Loss"].value.tolist() == [1.0]


def test_run_of_a_sweep_appends_to_the_file_that_was_chosen(tmp_path: Path, run_file: Path) -> None:
    for step in range(2):
        with ExperimentLogger(tmp_path / "ignored") as logger:
            logger.add_scalar("loss", 0.5, step)
    assert Path(logger.path) == run_file
    assert steps(read_log(run_file)) == [0, 1]
    assert os.listdir(tmp_path) == ["run.dat"]


def test_script_may_change_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with ExperimentLogger("runs") as logger:
        monkeypatch.chdir("/")
        logger.add_scalar("loss", 0.5, 0)
        again = pickle.loads(pickle.dumps(logger))
        again.add_scalar("loss", 0.5, 1)
        again.close()
    assert steps(read_log(logger.path)) == [0, 1]


@pytest.mark.parametrize("logdir", [None, 5, ["runs"]])
def test_invalid_logdir_is_refused(logdir: object) -> None:
    with pytest.raises(TypeError):
        ExperimentLogger(logdir)  # type: ignore[arg-type]
