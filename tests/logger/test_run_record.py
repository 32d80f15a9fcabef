"""The file beside a log: configuration, and how the run was started."""

import argparse
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_tracking_ops.logger import ExperimentLogger, git_commit, read_log, run_record


def record_of(logger: ExperimentLogger) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(run_record.record_file(logger.path)).read_text())
    return found


@dataclass
class Optimizer:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)


@dataclass
class Settings:
    depth: int = 6
    optimizer: Optimizer = field(default_factory=Optimizer)


class Pydantic:
    def model_dump(self) -> dict[str, Any]:
        return {"width": 3}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"lr": 0.1, "nested": {"a": None}}, {"lr": 0.1, "nested": {"a": None}}),
        (argparse.Namespace(lr=0.1, amp=True), {"lr": 0.1, "amp": True}),
        (Settings(), {"depth": 6, "optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}}),
        (Pydantic(), {"width": 3}),
        ({"n": np.int64(3), "x": np.float32(0.5), "path": Path("a/b")}, None),
        ({1: object}, {"1": "<class 'object'>"}),
    ],
)
def test_configuration_is_kept_as_plain_values(
    tmp_path: Path, config: object, expected: dict[str, Any] | None
) -> None:
    with ExperimentLogger(tmp_path, config=config) as writer:
        expected = expected or {"n": 3, "x": 0.5, "path": "a/b"}
        assert record_of(writer)["config"] == expected


def test_later_calls_add_to_the_configuration(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path, config={"a": 1, "nested": {"x": 1, "y": 1}}) as writer:
        writer.log_config({"b": 2, "nested": {"y": 2}})
        assert record_of(writer)["config"] == {"a": 1, "b": 2, "nested": {"x": 1, "y": 2}}


def test_configuration_of_another_kind_is_refused(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as writer, pytest.raises(TypeError, match="Pass vars"):
        writer.log_config([1, 2])


def test_secrets_are_hidden(tmp_path: Path) -> None:
    config = {"api_key": "abc", "hub": {"token": "t"}, "n_tokens": 5, "monkey": "m", "key": 3}
    with ExperimentLogger(tmp_path, config=config) as writer:
        kept = record_of(writer)["config"]
    hidden = run_record.HIDDEN
    assert kept == {
        "api_key": hidden,
        "hub": {"token": hidden},
        "n_tokens": 5,
        "monkey": "m",
        "key": 3,
    }
    given = ["train.py", "--api-key=abc", "--token", "t", "--lr", "0.1", "--keys"]
    shown = ["train.py", f"--api-key={hidden}", "--token", hidden, "--lr", "0.1", "--keys"]
    assert run_record.hide_secrets(given) == shown


def test_record_survives_kill_9(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "writer = ExperimentLogger(sys.argv[1], config={'lr': 0.1})\n"
        "print(writer.path, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path, "--lr=0.1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    record = run_record.read(done.stdout.strip())
    assert record["config"] == {"lr": 0.1}
    environment = record["environment"]
    assert environment["command"][-1] == "--lr=0.1"
    assert environment["folder"] == os.getcwd()
    assert environment["host"] == os.uname().nodename
    assert environment["python"].startswith("3.")
    status = os.stat(done.stdout.strip())
    assert environment["file"] == [status.st_dev, status.st_ino]


def test_run_of_a_sweep_keeps_its_configuration_beside_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(tmp_path / "run_0001.dat"))
    with ExperimentLogger("elsewhere", config={"n_layer": 6}) as writer:
        assert record_of(writer) == {"config": {"n_layer": 6}}
    assert (tmp_path / "run_0001.run.json").exists()


def test_directions_of_metrics_are_kept(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path, higher_is_better={"reward": True}) as writer:
        assert record_of(writer)["higher_is_better"] == {"reward": True}
    with pytest.raises(TypeError, match="takes a dict of metrics"):
        ExperimentLogger(tmp_path, higher_is_better=True)  # type: ignore[arg-type]


def test_record_that_cannot_be_written_ends_no_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExperimentLogger(tmp_path) as writer:
        path = Path(run_record.record_file(writer.path))
        path.unlink()
        (path / "in the way").mkdir(parents=True)
        writer.log_config({"lr": 0.1})
        writer.add_scalar("loss", 1.0, 1)
    assert "The configuration of this run is not kept" in capsys.readouterr().err
    assert read_log(writer.path)["loss"].value.tolist() == [1.0]


def test_commit_of_a_checkout_is_read_from_its_files(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    assert git_commit.find_commit(str(tmp_path)) is None
    git("init", "-q")
    assert git_commit.find_commit(str(tmp_path)) is None
    git("commit", "-q", "--allow-empty", "-m", "one")
    commit = git("rev-parse", "HEAD")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert git_commit.find_commit(str(tmp_path / "deep" / "er")) == commit
    git("pack-refs", "--all")
    assert git_commit.find_commit(str(tmp_path)) == commit
    git("worktree", "add", "-q", "tree")
    assert git_commit.find_commit(str(tmp_path / "tree")) == commit
    git("checkout", "-q", "--detach")
    assert git_commit.find_commit(str(tmp_path)) == commit
    (tmp_path / ".git" / "HEAD").write_text("ref: ../secret.txt")
    (tmp_path / "secret.txt").write_text("a secret")
    assert git_commit.find_commit(str(tmp_path)) is None


def in_rank(
    tmp_path: Path, rank: int, options: str = "", launcher: dict[str, str] | None = None
) -> tuple[str, int]:
    script = (
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        f"writer = ExperimentLogger('runs', config={{'lr': 1}}{options})\n"
        "writer.add_scalar('loss', 1.0, 1)\n"
        "writer.add_scalars({'loss': 1.0, 'accuracy': 0.5}, 2)\n"
        "ExperimentLogger('runs')\n"
    )
    launcher = {"RANK": str(rank), "WORLD_SIZE": "4"} if launcher is None else launcher
    environment = {**os.environ, **launcher}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=True,
        timeout=60,
    )
    return done.stderr, len(list(tmp_path.glob("runs/*/*.dat")))


def test_rank_0_alone_logs_in_a_distributed_training(tmp_path: Path) -> None:
    assert in_rank(tmp_path, 0) == ("", 2)
    message, n_logs = in_rank(tmp_path, 1)
    assert message.count("rank 0 logs") == 1
    assert n_logs == 2
    assert in_rank(tmp_path, 2) == ("", 2)


def test_processes_that_lightning_starts_are_ranks(tmp_path: Path) -> None:
    started = {"WORLD_SIZE": "4", "NODE_RANK": "0"}
    assert in_rank(tmp_path, 0, launcher={**started, "LOCAL_RANK": "0"}) == ("", 2)
    message, n_logs = in_rank(tmp_path, 1, launcher={**started, "LOCAL_RANK": "1"})
    assert (message.count("rank 0 logs"), n_logs) == (1, 2)
    elsewhere = {"WORLD_SIZE": "4", "NODE_RANK": "1", "LOCAL_RANK": "0"}
    assert in_rank(tmp_path, 2, launcher=elsewhere) == ("", 2)


def test_processes_of_mpirun_are_ranks_within_a_run_of_a_sweep(tmp_path: Path) -> None:
    started = {"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}
    assert in_rank(tmp_path, 2, launcher=started) == ("", 2)  # by hand they may be anything
    run_file = tmp_path / "runs" / "s" / "run_0001.dat"
    run_file.parent.mkdir()
    in_sweep = {**started, "ML_TRACKING_OPS_RUN_FILE": str(run_file)}
    assert in_rank(tmp_path, 2, launcher=in_sweep) == ("", 2)
    assert in_rank(tmp_path, 0, launcher={**in_sweep, "OMPI_COMM_WORLD_RANK": "0"}) == ("", 3)


def test_every_rank_logs_when_asked_to(tmp_path: Path) -> None:
    assert in_rank(tmp_path, 3, ", all_ranks=True")[1] == 1


def test_two_loggers_of_one_process_do_not_merge_in_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(tmp_path / "run_0001.dat"))
    with ExperimentLogger("runs/train") as train, ExperimentLogger("runs/val") as val:
        for step in range(2):
            train.add_scalar("loss", 0.1, step)
            val.add_scalar("loss", 0.9, step)
            val.add_scalars({"accuracy": 0.5, "loss": 0.9}, step + 2)
    log = read_log(tmp_path / "run_0001.dat")
    assert {name: len(log[name].value) for name in log} == {
        "loss": 2,
        "val/loss": 4,
        "accuracy": 2,
    }
    assert capsys.readouterr().err.count("'val/loss'") == 1


def test_same_folder_twice_is_the_same_series_in_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(tmp_path / "run_0001.dat"))
    for step in range(2):
        with ExperimentLogger("runs") as writer:
            writer.add_scalar("loss", 0.1, step)
    assert list(read_log(tmp_path / "run_0001.dat")) == ["loss"]
