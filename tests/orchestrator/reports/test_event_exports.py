"""`export --format tensorboard`, read by TensorBoard."""

from pathlib import Path

from event_writing import read_by_tensorboard
from sweeps import run_command, write_config

from ml_tracking_ops.logger import ExperimentLogger, Series, read_log
from ml_tracking_ops.logger.reading.event_log import peek_events

VALUES = [0.1, -1e300, float("inf"), 3.0]


def points_of(series: Series) -> list[tuple[float, int, float]]:
    columns = series.wall_time.tolist(), series.step.tolist(), series.value.tolist()
    return list(zip(*columns, strict=True))


def test_run_is_read_by_tensorboard_value_by_value(tmp_path: Path) -> None:
    config = {"lr": 0.1, "net": {"depth": 3}, "name": "ä"}
    with ExperimentLogger(tmp_path / "runs", config=config) as writer:
        for step, value in enumerate(VALUES):
            writer.add_scalar("loss/ä", value, -step)
            writer.add_scalar("x", step, 1 << 40)
    found = run_command(
        "export", writer.folder, "--format=tensorboard", "--output=out", folder=tmp_path
    )

    assert found.returncode == 0, found.stderr
    log = read_log(writer.path)
    exported = read_by_tensorboard(tmp_path / "out")
    assert exported == {name: points_of(series) for name, series in log.items()}
    again = read_log(tmp_path / "out")
    assert again["loss/ä"].value.tolist() == VALUES
    peek = peek_events(str(next((tmp_path / "out").iterdir())))
    assert peek.config == {"lr": 0.1, "net.depth": 3, "name": "ä"}
    assert peek.status == "success"


def test_sweep_gives_a_folder_for_each_run(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=2)
    sweep = run_command("sweep", "--logdir=logs", folder=tmp_path)
    (folder,) = (tmp_path / "logs").iterdir()
    found = run_command(
        "export", str(folder), "--format=tensorboard", "--output=out", folder=tmp_path
    )

    assert (sweep.returncode, found.returncode) == (0, 0), found.stderr
    runs = sorted((tmp_path / "out").iterdir())
    assert len(runs) == 2
    assert all(read_by_tensorboard(run) for run in runs)


def test_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path / "runs") as writer:
        writer.add_scalar("loss", 1.0, 1)
    arguments = ["export", writer.folder, "--format=tensorboard"]
    without = run_command(*arguments, folder=tmp_path)
    onto = run_command(*arguments, "--output=runs", folder=tmp_path)

    assert (without.returncode, onto.returncode) == (2, 2)
    assert "--output" in without.stderr
    assert "already exists" in onto.stderr
