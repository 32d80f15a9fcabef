"""Commands, macros and parameters of W&B sweep files."""

import re
from pathlib import Path
from typing import Any

import pytest
from wandb_files import load, problems, with_changes

from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.running.runs.starting.command import command_line


def test_module_is_started_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").touch()
    loaded = load(
        tmp_path,
        with_changes(
            program="src.train",
            command=["${env}", "python", "-m", "${program}", "${args_no_hyphens}"],
        ),
    )
    command = command_line(loaded, tmp_path, "run", {"model.lr": 0.1})
    assert command == ("/usr/bin/env", "python", "-m", "src.train", "model.lr=0.1")


def test_command_can_name_the_script(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        with_changes(
            program=None,
            command=["python", "train.py", "--config", "a.yaml", "${args}"],
        ),
    )
    assert loaded.config.main_script_name == "train.py"


@pytest.mark.parametrize(
    ("changes", "script", "arguments"),
    [
        (
            {"program": None, "command": ["python", "-m", "pkg.train", "${args}"]},
            "pkg.train",
            ["python", "-m", "pkg.train", "--x=1"],
        ),
        (
            {"program": "cli", "command": ["${env}", "cli", "fit", "${args}"]},
            "cli",
            ["/usr/bin/env", "cli", "fit", "--x=1"],
        ),
        (
            {"program": None, "command": ["uv", "run", "ow", "${args_no_hyphens}"]},
            "uv",
            ["uv", "run", "ow", "x=1"],
        ),
    ],
)
def test_command_needs_no_script(
    tmp_path: Path, changes: dict[str, Any], script: str, arguments: list[str]
) -> None:
    loaded = load(tmp_path, with_changes(**changes))
    assert loaded.config.main_script_name == script
    assert list(command_line(loaded, tmp_path, "run", {"x": 1})) == arguments


def test_program_that_path_finds_is_started_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bench").touch(mode=0o755)
    file = with_changes(program="bench", command=["${env}", "${program}", "train", "${args}"])
    assert "there is no file" in problems(tmp_path, file)["program"]
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    found = command_line(load(tmp_path, file), tmp_path, "run", {"x": 1})
    assert found == ("/usr/bin/env", "bench", "train", "--x=1")


def test_dry_run_shows_parameters_that_the_command_does_not_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tmp_path, with_changes(command=["python", "${program}"]))
    options = ["--dry-run", "--max-runs=1", "--seed=1", "--logdir", str(tmp_path / "runs")]
    assert main(["sweep", str(tmp_path / "sweep.yaml"), *options]) == 0
    assert re.search(r"train\.py  # \w+=", capsys.readouterr().out)


def test_file_without_script_and_command_is_refused(tmp_path: Path) -> None:
    assert "is missing" in problems(tmp_path, with_changes(program=None))["program"]


def test_macro_of_a_parameter_is_its_value(tmp_path: Path) -> None:
    loaded = load(tmp_path, with_changes(command=["python", "${program}", "-x", "${x}"]))
    assert command_line(loaded, tmp_path, "run", {"x": 0.5})[2:] == ("-x", "0.5")
    assert "${x} is the value of the parameter here" in str(loaded.notes)


def test_command_without_parameters_leaves_them_to_wandb_config(tmp_path: Path) -> None:
    loaded = load(tmp_path, with_changes(command=["python", "${program}"]))
    assert "the script must read them from wandb.config" in str(loaded.notes)


def test_script_that_logs_only_to_wandb_gets_a_warning(tmp_path: Path) -> None:
    file = with_changes(metric={"name": "loss"})
    load(tmp_path, file)
    (tmp_path / "train.py").write_text("import wandb\n")
    notes = str(load_config(tmp_path / "sweep.yaml").notes)
    assert "log loss with ExperimentLogger too, or this sweep does not see it" in notes
    (tmp_path / "train.py").write_text("import wandb\nfrom ml_tracking_ops.logger import *\n")
    assert "seems to log" not in str(load_config(tmp_path / "sweep.yaml").notes)


def test_parameter_may_be_named_logdir(tmp_path: Path) -> None:
    loaded = load(tmp_path, with_changes(parameters={"logdir": {"value": "./logs"}}))
    assert command_line(loaded, tmp_path, "run", {"logdir": "./logs"})[-1] == "--logdir=./logs"


def test_nested_parameters_are_passed_as_wandb_passes_them(tmp_path: Path) -> None:
    inner = {"lr": {"value": 0.1}, "nag": {"parameters": {"on": {"values": [True]}}}}
    loaded = load(tmp_path, with_changes(parameters={"opt": {"parameters": inner}}))
    assert loaded.config.hyperparameters.keys() == {"opt.lr", "opt.nag.on"}
    arguments = command_line(loaded, tmp_path, "run", {"opt.lr": 0.1, "opt.nag.on": True})
    assert arguments[-1] == "--opt={'lr': 0.1, 'nag': {'on': True}}"
    clash = {"opt": {"parameters": inner}, "opt.wd": {"value": 1}}
    found = problems(tmp_path, with_changes(parameters=clash))
    assert "cannot be distinguished from what parameters.opt holds" in found["parameters.opt.wd"]
