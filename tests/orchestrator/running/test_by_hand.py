"""`ml-tracking-ops run`: one program as an experiment."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import trainer_path
from sweeps import LIMIT_S, run_command, start_command, wait_until

from ml_tracking_ops.orchestrator.running.by_hand.command_config import command_config

PRINTS = "import sys; print('loss: 0.5'); print('loss: 0.25'); sys.exit({code})"


def shown(folder: Path) -> dict[str, Any]:
    (name,) = (path.name for path in (folder / "runs").iterdir())
    found = run_command("show", name, "--json", folder=folder)
    assert found.returncode == 0, found.stderr
    report: dict[str, Any] = json.loads(found.stdout)
    return report


@pytest.mark.parametrize(("code", "state"), [(0, "finished"), (3, "failed")])
def test_output_and_exit_code_are_kept(tmp_path: Path, code: int, state: str) -> None:
    program = [sys.executable, "-c", PRINTS.format(code=code), "--lr=0.1", "--password", "x"]
    own = ["--name", "first", "--tag", "a", "--metrics-pattern", "name: value"]
    done = run_command("run", *own, "--", *program, folder=tmp_path)

    assert done.returncode == code
    assert done.stdout == "loss: 0.5\nloss: 0.25\n"
    report = shown(tmp_path)
    assert report["state"] == state
    assert report["exit_code"] == code
    assert report["label"] == "first"
    assert report["tags"] == ["a"]
    assert report["config"] == {"lr": 0.1, "password": "(hidden)"}
    assert report["metrics"]["loss"]["last"] == 0.25
    assert "x" not in report["environment"]["command"]
    assert Path(report["path"]).name  # its log
    (log,) = tmp_path.glob("runs/*/*.log")
    assert log.read_text() == done.stdout


def test_ctrl_c_ends_the_program_with_its_children(tmp_path: Path) -> None:
    shutil.copy(trainer_path("logs_and_waits.py"), tmp_path)
    process = start_command("run", "--", sys.executable, "logs_and_waits.py", folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: "ready" in output.read_text())
    assert shown(tmp_path)["state"] == "running"
    found = re.search(r"ready (\d+)", output.read_text())
    assert found is not None

    process.send_signal(signal.SIGINT)

    assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int(found[1]), 0)
    report = shown(tmp_path)
    assert report["state"] == "killed"
    assert report["reason"] == "stopped by hand (Ctrl-C)"
    assert report["config"] == {"model.depth": 3}
    assert report["metrics"]["Loss"]["count"] == 1
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("folder", "own"), [("runs", ["--tensorboard-dir=runs"]), ("${run_dir}/events", [])]
)
def test_metrics_are_read_from_event_files(tmp_path: Path, folder: str, own: list[str]) -> None:
    program = [sys.executable, trainer_path("writes_events.py"), "--n=5", f"--folder={folder}"]
    logs = "--logdir=logs"
    own = ["--metrics-from=tensorboard", *own, logs]
    done = run_command("run", *own, "--", *program, folder=tmp_path)

    assert (done.returncode, "warning" in done.stderr) == (0, False), done.stderr
    (name,) = (path.name for path in (tmp_path / "logs").iterdir())
    report = json.loads(run_command("show", name, "--json", logs, folder=tmp_path).stdout)
    found = report["metrics"]["charts/episodic_return"]
    assert (found["count"], found["last_step"], found["last"]) == (5, 40, 4.5)
    assert report["environment"]["command"][-1] == f"--folder={folder}"
    if folder != "runs":
        assert [Path(one["path"]).parts[0] for one in report["files"]] == ["events"]


def test_record_says_whether_the_checkout_had_changes(tmp_path: Path) -> None:
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "train.py").write_text("lr = 1")
    for arguments in (["init", "-q"], ["add", "train.py"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True, timeout=60)
    for text, is_dirty in (("lr = 1", False), ("lr = 2", True)):
        (tmp_path / "train.py").write_text(text)
        shutil.rmtree(tmp_path / "runs", ignore_errors=True)
        run_command("run", "--", "true", folder=tmp_path)
        environment = shown(tmp_path)["environment"]
        assert len(environment["git_commit"]) == 40
        assert environment["git_is_dirty"] is is_dirty


def test_missing_event_files_are_reported(tmp_path: Path) -> None:
    done = run_command("run", "--metrics-from=tensorboard", "--", "true", folder=tmp_path)

    assert done.returncode == 0
    assert "wrote no event file below" in done.stderr
    assert "--tensorboard-dir" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metrics-from=tensorboard", "--metrics-pattern=json", "--", "true"], "for --metrics"),
        (["--metrics-from=stdout", "--", "true"], "needs --metrics-pattern"),
        (["--tensorboard-dir=x", "--", "true"], "needs --metrics-from tensorboard"),
        (["--", "no-such-program"], "there is no program 'no-such-program'"),
        ([], "the program to run is missing"),
        (["--metrics-pattern", "(", "--", "true"], "--metrics-pattern: "),
        (["--tag", "a,b", "--", "true"], "a comma"),
    ],
)
def test_wrong_usage_leaves_nothing_behind(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = run_command("run", *arguments, folder=tmp_path)

    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        (["--lr=0.1", "--epochs", "3", "--amp"], {"lr": 0.1, "epochs": 3, "amp": True}),
        (["train.py", "model.depth=4", "++opt=adam"], {"model.depth": 4, "opt": "adam"}),
        (
            ["--shift", "-1", "--flag=True", "--name=a b"],
            {"shift": -1, "flag": True, "name": "a b"},
        ),
        (["-c", "x", "--", "--lr=1"], {}),
        (
            ["--layers=[64, 32]", "--text=", "--x", "a=b"],
            {"layers": [64, 32], "text": "", "x": "a=b"},
        ),
    ],
)
def test_settings_are_read_from_a_command_line(
    arguments: list[str], config: dict[str, Any]
) -> None:
    assert command_config(arguments) == config
