"""The command that reruns a run: its result in a shell, and the notes beside it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import trainer_path

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator.commands.rerun import RerunCommand, rerun_command

NASTY = {
    "lr": 1.2345678901234568e-05,
    "name": "a b; $(touch harm) `touch harm` 'x' \"y\" \\",
    "on": True,
    "none": None,
    "sizes": [1, "x"],
    "-dash": "-1",
    "empty": "",
    "lines": "one\ntwo\x1b[201~",
    "mark": "\0x:-$(touch harm)\0",
    "emoji": "🙂",
}
ECHO = "import json, os, sys; print(json.dumps([os.getcwd(), sys.argv[1:]]))"


def command_of(folder: Path, combination: dict[str, Any], **config: Any) -> RerunCommand:
    description = {
        "config": {"main_script_name": "it's a script.py", **config},
        "folder": str(folder),
        "executable": sys.executable,
        "host": "here",
        "git": {"commit": "0123456789abcdef", "is_dirty": True},
        "config_path": str(folder / "experiment_cfg.json"),
    }
    command = rerun_command(description, folder / "SWEEP", "NAME", combination, folder / "runs")
    assert command is not None
    return command


def test_shell_starts_the_script_in_its_folder_with_the_very_values(tmp_path: Path) -> None:
    folder = tmp_path / "a folder; $HOME"
    folder.mkdir()
    (folder / "it's a script.py").write_text(ECHO)
    line = command_of(folder, NASTY).line
    assert line.isprintable(), "a terminal would obey what is pasted"
    done = subprocess.run(
        ["bash", "-c", line], cwd="/", capture_output=True, text=True, check=True, timeout=60
    )
    started_in, arguments = json.loads(done.stdout)
    assert started_in == str(folder)
    assert arguments == [
        f"--logdir={folder / 'runs'}",
        "--lr=1.2345678901234568e-05",
        f"--name={NASTY['name']}",
        "--on=True",
        "--none=None",
        '--sizes=[1, "x"]',
        "---dash=-1",
        "--empty=",
        "--lines=one\ntwo\x1b[201~",
        "--mark=x:-$(touch harm)",
        "--emoji=🙂",
    ]
    assert not list(tmp_path.rglob("harm"))


def test_own_command_is_expanded_and_variables_are_left_to_the_shell(tmp_path: Path) -> None:
    command = ["torchrun", "--out=${run_name} ${envvar:OUT}", "${program}", "${args_no_hyphens}"]
    line = command_of(tmp_path, {"on": True}, command=command).line
    assert line.endswith(" on=true")
    assert """'--out=NAME '"${OUT}" """ in line
    assert shlex.split(line)[3] == "torchrun"


def test_notes_are_honest_about_what_differs(tmp_path: Path) -> None:
    notes = " ".join(command_of(tmp_path, {}, environment={"TOKEN": "secret"}).notes)
    for part in (
        f"logs to {tmp_path / 'runs'}, as an experiment of its own",
        "It ran on here",
        f"set TOKEN too: the values are in {tmp_path / 'experiment_cfg.json'}",
        "git commit 0123456789 with changes that were not committed",
    ):
        assert part in notes
    assert "secret" not in notes
    notes = " ".join(command_of(tmp_path, {}, metrics_from="stdout", command=["x"]).notes)
    assert "as an experiment of its own" in notes
    notes = " ".join(command_of(tmp_path, {}, command=["x"]).notes)
    assert "experiment of its own" not in notes


def test_rerun_is_named_and_carries_its_hyperparameters(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "import sys\n"
        "with ExperimentLogger(logdir=sys.argv[1].partition('=')[2]) as logger:\n"
        "    logger.add_scalar('loss', 1.0, 1)\n"
    )
    description = {
        "config": {
            "main_script_name": "train.py",
            "early_stopping": True,
            "stopping_rules": [{"rule": "asha"}],
            "timeout_s": 5,
        },
        "folder": str(tmp_path),
        "executable": sys.executable,
    }
    values = {"lr": 0.1, "it's": 'a "b"'}
    command = rerun_command(description, tmp_path / "S", "r", values, tmp_path / "runs", 9)
    assert command is not None
    assert (
        "Rules of the sweep no longer apply to it: early_stopping, asha, timeout_s."
        in command.notes
    )
    subprocess.run(["bash", "-c", command.line], check=True, timeout=60)
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("_run_9_of_S_again")
    (path,) = folder.glob("*.run.json")
    record = json.loads(path.read_text())
    assert record["config"] == values
    assert record["rerun_of"] == {"sweep": "S", "run": 9}


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (
            {"metrics_from": "stdout", "metrics_pattern": "name: 'value'"},
            ["--metrics-pattern", "name: 'value'"],
        ),
        ({"metrics_from": "tensorboard"}, ["--metrics-from", "tensorboard"]),
        (
            {"metrics_from": "tensorboard", "tensorboard_dir": "runs/${run_name}"},
            ["--metrics-from", "tensorboard", "--tensorboard-dir", "runs/NAME"],
        ),
        ({"command": ["x", "--out=${run_dir}"]}, []),
    ],
)
def test_rerun_gets_what_the_sweep_gave_by_the_command_run(
    tmp_path: Path, config: dict[str, Any], options: list[str]
) -> None:
    line = command_of(tmp_path, {"lr": 0.1}, **{"command": ["x", "${args}"], **config}).line
    words = shlex.split(line.partition(" && ")[2])
    head = ["ml-tracking-ops", "run", "--logdir", str(tmp_path / "runs"), *options, "--", "x"]
    assert words[: len(head)] == head
    assert words[len(head) :] == (["--lr=0.1"] if "command" not in config else ["--out=${run_dir}"])


def test_rerun_of_a_script_that_writes_event_files_has_metrics(tmp_path: Path) -> None:
    shutil.copy(trainer_path("writes_events.py"), tmp_path)
    config = {
        "main_script_name": "writes_events.py",
        "command": ["${interpreter}", "${program}", "--folder=${run_dir}/events", "${args}"],
        "metrics_from": "tensorboard",
    }
    description = {"config": config, "folder": str(tmp_path), "executable": sys.executable}
    logdir = tmp_path / "runs"
    command = rerun_command(description, logdir / "S", "r", {"x": 0.5, "n": 4}, logdir, 7)
    assert command is not None
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-c", command.line], check=True, timeout=60, env={**os.environ, "PATH": path}
    )
    (folder,) = logdir.iterdir()
    assert folder.name.endswith("_run_7_of_S_again")
    assert read_log(folder)["charts/episodic_return"].value.tolist() == [0.5, 1.5, 2.5, 3.5]
    (record,) = (json.loads(path.read_text()) for path in folder.glob("*.run.json"))
    assert record["rerun_of"] == {"sweep": "S", "run": 7}
    assert (record["config"]["x"], record["config"]["n"]) == (0.5, 4)
    assert [path.name for path in folder.glob("*.files/*")] == ["events"]


def test_run_of_the_original_tool_has_a_command_without_a_folder() -> None:
    description = {"main_script_name": "train.py", "hyperparameters": {}}
    command = rerun_command(description, Path("/s"), "r", {"lr": 0.1}, Path("/logs"))
    assert command is not None
    assert command.line == "python train.py --logdir=/logs --lr=0.1"
    assert "recorded neither" in command.notes[0]


@pytest.mark.parametrize("description", [{}, {"config": 3}, {"config": {"main_script_name": 7}}])
def test_without_a_script_there_is_no_command(description: dict[str, Any]) -> None:
    assert rerun_command(description, Path("s"), "r", {}, Path("l")) is None


def test_rerun_of_a_wandb_sweep_gets_its_values(tmp_path: Path) -> None:
    (tmp_path / "it's a script.py").write_text(
        "import os, sys; print(sys.argv[1], os.environ['WANDB_SWEEP_PARAM_PATH'], "
        "os.environ['WANDB_MODE'])"
    )
    command = command_of(
        tmp_path,
        {"opt.lr": 0.1, "opt.names": ["a"]},
        command=["${interpreter}", "${program}", "${args}"],
        values_as="python",
        objects=["opt"],
        wandb_config=True,
    )
    done = subprocess.run(
        ["bash", "-c", command.line], capture_output=True, text=True, check=True, timeout=60
    )
    expected = f"--opt={{'lr': 0.1, 'names': ['a']}} {tmp_path}/SWEEP/NAME.wandb.yaml offline\n"
    assert done.stdout == expected
