"""W&B sweep files, in the shapes in which public projects have them."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sweeps import run_command, state_of, sweep_folder

from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.config.validation import LoadedConfig
from ml_tracking_ops.orchestrator.config.wandb_parameters import UnsupportedError, convert_parameter
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.running.runs.command import command_line

USUAL = """
    program: train.py
    method: random
    project: digits
    name: first try
    metric:
      name: val/loss
      goal: minimize
    parameters:
      lr:
        distribution: log_uniform_values
        min: 1e-5
        max: 0.1
      batch_size:
        distribution: q_log_uniform_values
        q: 8
        min: 16
        max: 256
      architecture:
        value: rnn
      augment:
        values: [true, false]
    run_cap: 12
    command:
      - ${interpreter}
      - ${program}
      - "--balanced"
      - ${args}
"""


def load(folder: Path, text: str) -> LoadedConfig:
    (folder / "train.py").touch()
    (folder / "sweep.yaml").write_text(textwrap.dedent(text))
    return load_config(folder / "sweep.yaml")


def problems(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return {problem.key: problem.message for problem in caught.value.problems}


def with_changes(**changes: Any) -> str:
    """A valid file with other top-level keys; JSON is YAML."""
    given = {
        "program": "train.py",
        "method": "random",
        "parameters": {"x": {"min": 0, "max": 1}},
        "run_cap": 3,
    }
    return json.dumps({k: v for k, v in {**given, **changes}.items() if v is not None})


def test_usual_file_is_taken_over(tmp_path: Path) -> None:
    loaded = load(tmp_path, USUAL)
    assert loaded.folder == tmp_path
    assert loaded.source == {
        "early_stopping": False,
        "sampler": "random",
        "optimization_metric": "val/loss",
        "optimization_goal": "min",
        "hyperparameters": {
            "lr": {"type": "loguniform", "min": 1e-5, "max": 0.1},
            "batch_size": {"type": "loguniform", "min": 16, "max": 256, "step": 8},
            "architecture": {"type": "constant", "value": "rnn"},
            "augment": {"type": "choice", "candidates": [True, False]},
        },
        "max_runs": 12,
        "command": ["${interpreter}", "${program}", "--balanced", "${args}"],
        "main_script_name": "train.py",
    }
    assert loaded.notes == ("name, project: no meaning here, left aside",)
    (interpreter, script, *arguments) = command_line(
        loaded, tmp_path, "run", {"lr": 0.001, "batch_size": 64, "augment": True}
    )
    assert interpreter.endswith("python") or "python" in interpreter
    assert script == str(tmp_path / "train.py")
    assert arguments == ["--balanced", "--lr=0.001", "--batch_size=64", "--augment=True"]


def test_sweep_of_a_wandb_file_runs(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom ml_tracking_ops.logger import ExperimentLogger\n"
        "values = dict(a[2:].split('=') for a in sys.argv[1:])\n"
        "with ExperimentLogger() as writer: writer.add_scalar('loss', int(values['width']), 0)\n"
    )
    (tmp_path / "train.py").write_text(script)
    (tmp_path / "sweep.yaml").write_text(
        "program: train.py\nmethod: grid\nmetric: {name: loss}\n"
        "parameters:\n  width: {values: [3, 1, 2]}\n  depth: {value: 4}\n"
    )
    done = run_command("sweep", "sweep.yaml", "--workers", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert [run.hyperparameters for run in record.runs.values()] == [
        {"width": 3, "depth": 4},
        {"width": 1, "depth": 4},
        {"width": 2, "depth": 4},
    ]
    assert "best run" in done.stdout
    assert "loss=1" in done.stdout


def test_what_goes_another_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    (tmp_path / "sweep.yaml").write_text(
        with_changes(
            method="bayes",
            metric={"name": "loss"},
            run_cap=None,
            early_terminate={"type": "hyperband", "min_iter": 3},
        )
    )
    done = run_command("sweep", "sweep.yaml", "--dry-run", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "note: method bayes: the sampler tpe stands in" in done.stderr
    assert "note: run_cap is missing" in done.stderr
    assert "note: early_terminate: the rule asha" in done.stderr
    assert len(done.stdout.splitlines()) == 2  # x is 0 or 1: whole bounds are int_uniform


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"value": 3}, {"type": "constant", "value": 3}),
        ({"values": [1, "a"]}, {"type": "choice", "candidates": [1, "a"]}),
        (
            {"values": [1, 2], "probabilities": [0.1, 0.9]},
            {"type": "choice", "candidates": [1, 2], "probabilities": [0.1, 0.9]},
        ),
        ({"min": 1, "max": 5}, {"type": "int", "min": 1, "max": 5}),
        ({"min": 0, "max": 0.5}, {"type": "uniform", "min": 0, "max": 0.5}),
        ({"min": "1e-5", "max": "1e-1"}, {"type": "uniform", "min": 1e-5, "max": 0.1}),
        (
            {"distribution": "int_uniform", "min": 1.0, "max": 5},
            {"type": "int", "min": 1, "max": 5},
        ),
        (
            {"distribution": "q_uniform", "min": 0.9, "max": 5, "q": 2},
            {"type": "uniform", "min": 0, "max": 4, "step": 2},
        ),
        (
            {"distribution": "log_uniform", "min": 0, "max": 1},
            {"type": "loguniform", "min": 1.0, "max": pytest.approx(2.718281828)},
        ),
        (
            {"distribution": "inv_log_uniform", "min": 0, "max": 1},
            {"type": "loguniform", "min": pytest.approx(0.3678794), "max": 1.0},
        ),
        (
            {"distribution": "inv_log_uniform_values", "min": 1, "max": 9},
            {"type": "loguniform", "min": 1, "max": 9},
        ),
        (
            {"distribution": "q_log_uniform", "min": 0, "max": 5},
            {"type": "loguniform", "min": 1.0, "max": pytest.approx(148.413159), "step": 1},
        ),
        ({"distribution": "normal"}, {"type": "normal", "mu": 0, "sigma": 1}),
        (
            {"distribution": "q_normal", "mu": 5, "sigma": 2, "q": 0.5},
            {"type": "normal", "mu": 5, "sigma": 2, "step": 0.5},
        ),
        (
            {"distribution": "log_normal", "mu": 1, "sigma": 2},
            {"type": "lognormal", "mu": 1, "sigma": 2},
        ),
        (
            {"distribution": "q_log_normal", "mu": 1, "sigma": 2},
            {"type": "lognormal", "mu": 1, "sigma": 2, "step": 1},
        ),
    ],
)
def test_parameter_has_its_counterpart(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert convert_parameter(given) == expected


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ({"distribution": "beta", "a": 1, "b": 2}, "distribution", "'beta' has no counterpart"),
        ({"distribution": "gamma"}, "distribution", "'gamma' is no distribution of W&B's"),
        ({"parameters": {"lr": {"value": 1}}}, "parameters", "nested parameters are not supported"),
        ({"minimum": 1, "max": 2}, "minimum", "unknown key; known: a, b, distribution"),
        ({"max": 2}, "", "needs a value, values, or min and max"),
        ({"distribution": "uniform", "max": 2}, "min", "is missing"),
        ({"min": "low", "max": 2}, "min", "must be a number, got 'low'"),
        ({"values": 1}, "values", "must be a list of values, got 1"),
        ([1, 2], "", "must be an object"),
    ],
)
def test_parameter_without_a_counterpart_is_refused(given: Any, key: str, message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        convert_parameter(given)
    assert caught.value.key == key
    assert message in str(caught.value)


def test_every_key_that_is_not_supported_is_named(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        with_changes(
            method="bayesian",
            controller={"type": "local"},
            commands=["x"],
            parameters={"a": {"distribution": "beta"}, "b": {"parameters": {}}},
            metric={"name": "loss", "goal": "smallest", "impute": "worst"},
            early_terminate={"type": "envelope"},
            command="python train.py",
        ),
    )
    assert found["method"] == "must be one of grid, random, bayes, got 'bayesian'"
    assert found["controller"].startswith("is not supported; supported: program, method")
    assert "did you mean command?" in found["commands"]
    assert "has no counterpart" in found["parameters.a.distribution"]
    assert "nested" in found["parameters.b.parameters"]
    assert found["metric.goal"] == "must be minimize or maximize, got 'smallest'"
    assert found["metric.impute"] == "is not supported; supported: name, goal, target"
    assert found["early_terminate.type"] == "must be hyperband, got 'envelope'"
    assert "must be a list of texts" in found["command"]


def test_mistakes_are_told_under_the_keys_of_the_file(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        with_changes(
            program="nowhere.py",
            run_cap=0,
            method="bayes",
            parameters={"lr": {"distribution": "log_uniform_values", "min": 0, "max": 1}},
        ),
    )
    assert found.keys() == {"program", "run_cap", "metric.name", "metric.goal", "parameters.lr"}
    assert "min must be greater than 0" in found["parameters.lr"]


def test_hyperband_is_successive_halving_at_its_brackets(tmp_path: Path) -> None:
    metric = {"name": "loss"}
    by_max = load(
        tmp_path,
        with_changes(
            metric=metric,
            early_terminate={
                "type": "hyperband",
                "max_iter": 27,
                "s": 2,
                "eta": 3,
            },
        ),
    )
    assert by_max.source["stopping_rules"] == [
        {
            "rule": "asha",
            "resource": "values",
            "min_resource": 3,
            "max_resource": 27,
            "reduction_factor": 3,
        }
    ]
    refused = problems(
        tmp_path,
        with_changes(
            metric=metric,
            early_terminate={
                "type": "hyperband",
                "min_iter": 2,
                "strict": True,
            },
        ),
    )
    assert refused == {"early_terminate.strict": "is not supported: leave it out"}


def test_grid_without_a_cap_is_run_in_full(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        with_changes(
            method="grid",
            run_cap=None,
            parameters={
                "a": {"values": [1, 2, 3]},
                "b": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.5},
            },
        ),
    )
    assert loaded.config.max_runs == 9


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


def test_command_may_name_the_script_itself(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        with_changes(
            program=None,
            command=["python", "train.py", "--config", "a.yaml", "${args}"],
        ),
    )
    assert loaded.config.main_script_name == "train.py"


def test_command_that_passes_no_hyperparameters_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, with_changes(command=["python", "${program}"]))
    assert "nothing would tell the script its hyperparameters" in found["command"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [", "not valid YAML"),
        ("- 1", "no W&B sweep file"),
        ("a: 1", "no W&B sweep file"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_file_that_is_no_sweep_is_explained(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problems(tmp_path, text)[""]


def test_script_is_looked_for_here_and_then_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "sweep.yaml").write_text(with_changes())
    (tmp_path / "train.py").touch()
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("sweeps/sweep.yaml")).folder == tmp_path
    (tmp_path / "train.py").rename(tmp_path / "sweeps" / "train.py")
    assert load_config(Path("sweeps/sweep.yaml")).folder == tmp_path / "sweeps"
