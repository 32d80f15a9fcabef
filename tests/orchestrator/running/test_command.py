"""How a run is started: the `command` key, its macros, and no shell."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from sweeps import choice, run_command

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import ConfigError, run_sweep
from ml_tracking_ops.orchestrator.commands.macros import command_problem
from ml_tracking_ops.orchestrator.config.validation import validate_config
from ml_tracking_ops.orchestrator.running.runs.starting.command import command_line

NASTY = {
    "lr": 0.1,
    "name": "a b; $(touch harm) `touch harm`",
    "on": True,
    "off": False,
    "none": None,
    "sizes": [1, "x"],
}


def config_of(script: str, values: dict[str, Any] = NASTY, **changes: Any) -> dict[str, Any]:
    return {
        "main_script_name": script,
        "max_runs": 1,
        "early_stopping": False,
        "hyperparameters": {name: choice(value) for name, value in values.items()},
        **changes,
    }


def arguments(tmp_path: Path, *command: str) -> list[str]:
    """What a command becomes for a run named NAME in a sweep's folder SWEEP."""
    (tmp_path / "train.py").touch()
    loaded = validate_config(config_of("train.py", command=list(command)), tmp_path)
    return list(command_line(loaded, tmp_path / "SWEEP", "NAME", NASTY))


def output_of(tmp_path: Path, script: str, text: str, **changes: Any) -> str:
    """What the one run of a sweep prints."""
    (tmp_path / script).write_text(text)
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config_of(script, **changes)))
    result = run_sweep(tmp_path / "experiment_cfg.json", logdir=tmp_path / "runs", workers=1)
    log = (result.folder / f"{result.runs[0].name}.log").read_text()
    assert result.runs[0].state == "finished", log
    assert not list(tmp_path.glob("harm"))
    return log


def test_macros_mean_the_same_as_in_wandb(tmp_path: Path) -> None:
    assert arguments(tmp_path, "${env}", "${interpreter}", "${program}") == [
        "/usr/bin/env",
        sys.executable,
        str(tmp_path / "train.py"),
    ]
    name = NASTY["name"]
    assert arguments(tmp_path, "x", "${args}") == [
        "x",
        "--lr=0.1",
        f"--name={name}",
        "--on=True",
        "--off=False",
        "--none=None",
        '--sizes=[1, "x"]',
    ]
    assert arguments(tmp_path, "x", "${args_no_boolean_flags}") == [
        "x",
        "--lr=0.1",
        f"--name={name}",
        "--on",
        "--none=None",
        '--sizes=[1, "x"]',
    ]
    assert arguments(tmp_path, "x", "${args_no_hyphens}") == [
        "x",
        "lr=0.1",
        f"name={name}",
        "on=true",
        "off=false",
        "none=null",
        'sizes=[1, "x"]',
    ]
    assert json.loads(arguments(tmp_path, "x", "${args_json}")[1]) == NASTY
    assert arguments(tmp_path, "${args_json_file}") == [str(tmp_path / "SWEEP" / "NAME.json")]


def test_macros_can_be_inside_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERE", "here")
    found = arguments(
        tmp_path,
        "--out=${logdir}/${run_name}",
        "at:${envvar:WHERE}",
        "${param:lr}/${param:on}",
        "$HOME ${param:name}",
    )
    assert found == [
        f"--out={tmp_path}/SWEEP/NAME",
        "at:here",
        "0.1/True",
        f"$HOME {NASTY['name']}",
    ]


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["${progam}"], "unknown macro ${progam}, did you mean ${program}?"),
        (["${whatever_this_is}"], "known: ${args}, "),
        (["x", "--all=${args}"], "make it an element of its own"),
        (["bash", "-c", "train ${args}"], "make it an element of its own"),
        (["bash", "-c", "train ${param:lr}"], "text that a shell reads"),
        (["/usr/bin/env", "sh", "-ec", "train ${args_json}"], "text that a shell reads"),
        (["${env}", "bash", "-l", "-c", "${args}"], "text that a shell reads"),
        (["a\0b"], "holds a NUL"),
        (["a", "\ud800"], "half of a surrogate pair"),
    ],
)
def test_command_that_cannot_work_is_explained(
    tmp_path: Path, command: list[str], output: str
) -> None:
    (tmp_path / "train.py").touch()
    with pytest.raises(ConfigError) as caught:
        validate_config(config_of("train.py", command=command), tmp_path)
    (problem,) = caught.value.problems
    assert problem.key == "command"
    assert output in problem.message


def test_macros_that_name_nothing_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.py").touch()
    monkeypatch.delenv("NOPE", raising=False)
    source = config_of(
        "train.py",
        {"lr": 0.1},
        command=["x", "--rate=${param:lrr}", "${param:lr} ${param:seed}"],
        environment={"A": "${envvar:NOPE}", "B": "${param:zz}"},
    )
    with pytest.raises(ConfigError) as caught:
        validate_config({**source, "repeats": {"count": 2, "seed_name": "seed"}}, tmp_path)
    lrr, nope, zz = caught.value.problems
    assert (lrr.key, nope.key, zz.key) == ("command.1", "environment.A", "environment.B")
    assert "${param:lrr} names no hyperparameter, did you mean lr?" in lrr.message
    assert "the environment variable NOPE is not set" in nope.message
    assert "known: lr, seed" in zz.message


def test_shell_can_get_hyperparameters_as_arguments() -> None:
    assert command_problem(["bash", "-c", 'train "$@"', "train", "${args}"]) is None
    assert command_problem(["bash", "${program}", "${args}"]) is None
    assert command_problem(["sh", "-c", "cd ${logdir} && exec train"]) is None


def test_shell_script_gets_its_arguments_whole(tmp_path: Path) -> None:
    text = 'for argument in "$@"; do echo "<$argument>"; done\n'
    log = output_of(tmp_path, "train.sh", text, command=["bash", "${program}", "${args}"])
    assert f"<--name={NASTY['name']}>" in log.splitlines()


def test_hydra_like_script_gets_overrides(tmp_path: Path) -> None:
    text = (
        "import json, sys\n"
        "overrides = dict(argument.split('=', 1) for argument in sys.argv[1:])\n"
        "assert not any(key.startswith('-') for key in overrides)\n"
        "print(json.dumps(overrides))\n"
    )
    command = ["${interpreter}", "${program}", "${args_no_hyphens}"]
    log = output_of(tmp_path, "train.py", text, command=command)
    assert json.loads(log) == {
        "lr": "0.1",
        "name": NASTY["name"],
        "on": "true",
        "off": "false",
        "none": "null",
        "sizes": '[1, "x"]',
    }


def test_script_reads_a_json_file(tmp_path: Path) -> None:
    text = "import sys; print(open(sys.argv[1]).read())"
    command = ["${interpreter}", "${program}", "${args_json_file}"]
    assert json.loads(output_of(tmp_path, "train.py", text, command=command)) == NASTY


def test_binary_gets_environment_variables(tmp_path: Path) -> None:
    script = tmp_path / "binary"
    script.write_text('#!/bin/sh\nprintf \'%s|%s|%s\' "$LR" "$NAME" "$#"\n')
    script.chmod(0o755)
    (tmp_path / "experiment_cfg.json").write_text(
        json.dumps(
            config_of(
                "binary",
                command=["${program}"],
                environment={"LR": "${param:lr}", "NAME": "<${param:name}>"},
            )
        )
    )
    result = run_sweep(tmp_path / "experiment_cfg.json", logdir=tmp_path / "runs", workers=1)
    log = (result.folder / f"{result.runs[0].name}.log").read_text()
    assert log == f"0.1|<{NASTY['name']}>|0"
    assert not list(tmp_path.glob("harm"))


def test_any_script_may_still_use_the_logger(tmp_path: Path) -> None:
    """The file is named by the environment: the command need not pass --logdir."""
    (tmp_path / "train.py").write_text(
        "import sys\n"
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "with ExperimentLogger() as writer: writer.add_scalar('Loss', float(sys.argv[1]), 1)\n"
    )
    (tmp_path / "experiment_cfg.json").write_text(
        json.dumps(
            config_of(
                "train.py",
                {"lr": 0.25},
                command=["${interpreter}", "${program}", "${param:lr}"],
            )
        )
    )
    result = run_sweep(tmp_path / "experiment_cfg.json", logdir=tmp_path / "runs", workers=1)
    log = read_log(result.folder / f"{result.runs[0].name}.dat")
    assert log["Loss"].value.tolist() == [0.25]


def test_dry_run_shows_the_command(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    command = ["torchrun", "--nproc_per_node=2", "${program}", "${args_no_hyphens}"]
    config = config_of("train.py", {"lr": 0.5}, command=command)
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    done = run_command("sweep", "--dry-run", folder=tmp_path)
    script = tmp_path.resolve() / "train.py"
    assert done.stdout == f"torchrun --nproc_per_node=2 {script} lr=0.5\n"


def test_missing_program_fails_the_run_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    config = config_of("train.py", {"lr": 0.5}, command=["no-such-program", "${args}"])
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    result = run_sweep(tmp_path / "experiment_cfg.json", logdir=tmp_path / "runs", workers=1)
    assert result.runs[0].state == "failed"
    assert "no-such-program" in (result.runs[0].reason or "")
