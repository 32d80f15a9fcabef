import json
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from ml_tracking_ops.orchestrator.commands.values import as_text
from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.config.model import json_schema
from ml_tracking_ops.orchestrator.config.validation import validate_config
from ml_tracking_ops.orchestrator.errors import ConfigError

SCHEMA = ROOT / "orchestrator" / "experiment_cfg.schema.json"


def seed_example() -> dict[str, Any]:
    """The configuration in the seed's documentation, to the letter."""
    return {
        "main_script_name": "train_script.py",
        "hyperparameters": {
            "learning_rate": {"type": "uniform", "min": 1e-5, "max": 1e-2},
            "batch_size": {"type": "choice", "candidates": [32, 64, 128]},
            "train_steps": {"type": "choice", "candidates": [700, 850, 1000]},
        },
        "max_runs": 100,
        "early_stopping": True,
        "early_stopping_patience": 5,
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train_script.py").write_text("")
    return tmp_path


def problems(source: dict[str, Any], folder: Path) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        validate_config(source, folder)
    return {problem.key: problem.message for problem in caught.value.problems}


def test_command_without_program_needs_no_script(folder: Path) -> None:
    given = {**seed_example(), "main_script_name": "cli", "command": ["cli", "fit", "${args}"]}
    assert validate_config(given, folder).config.main_script_name == "cli"
    given["command"] = ["cli", "${program}", "${args}"]
    assert problems(given, folder).keys() == {"main_script_name"}


def test_seed_example_is_valid(folder: Path) -> None:
    (folder / "experiment_cfg.json").write_text(json.dumps(seed_example()))
    loaded = load_config(folder / "experiment_cfg.json")
    assert loaded.config.max_runs == 100
    assert loaded.source == seed_example()
    assert loaded.folder == folder


def test_required_keys_alone_are_enough(folder: Path) -> None:
    keys = ("main_script_name", "max_runs", "hyperparameters", "early_stopping")
    source = {key: seed_example()[key] for key in keys} | {"early_stopping": False}
    assert validate_config(source, folder).config.optimization_metric is None


def test_every_mistake_is_reported_at_once_with_key_value_and_what_is_allowed(folder: Path) -> None:
    source = seed_example() | {
        "main_script_name": "nowhere.py",
        "max_runs": 0,
        "optimization_goal": "highest",
        "early_stoping_patience": 3,
        "seed": -1,
        "hyperparameters": {
            "learning_rate": {"type": "uniform", "min": 1, "max": 0.1},
            "momentum": {"type": "unifrom", "min": 0, "max": 1},
            "batch_size": {"type": "choice", "candidates": [], "candidate": [1]},
            "width": {"min": 1, "max": 2},
            "depth": {"type": "uniform", "min": "1", "max": True},
            "logdir": {"type": "choice", "candidates": ["a"]},
        },
    }
    found = problems(source, folder)
    assert "nowhere.py" in found["main_script_name"]
    assert found["max_runs"] == "must be a whole number, 1 or more, got 0"
    assert found["optimization_goal"] == 'must be "max" or "min", got "highest"'
    assert "did you mean early_stopping_patience?" in found["early_stoping_patience"]
    assert "got -1" in found["seed"]
    assert "min=1, max=0.1" in found["hyperparameters.learning_rate"]
    assert found["hyperparameters.momentum"].startswith(
        'unknown type "unifrom", did you mean uniform? (allowed: uniform, choice, loguniform'
    )
    assert "must not be empty" in found["hyperparameters.batch_size.candidates"]
    assert "did you mean candidates?" in found["hyperparameters.batch_size.candidate"]
    assert "needs a type" in found["hyperparameters.width"]
    assert found["hyperparameters.depth.min"] == (
        'must be a finite number, got "1". Write it without quotes'
    )
    assert found["hyperparameters.depth.max"] == "must be a finite number, got true"
    assert "--logdir" in found["hyperparameters.logdir"]


@pytest.mark.parametrize(
    "key", ["early_stopping_patience", "optimization_metric", "optimization_goal"]
)
def test_early_stopping_needs_its_keys(folder: Path, key: str) -> None:
    source = seed_example()
    del source[key]
    assert "early_stopping needs it" in problems(source, folder)[key]


@pytest.mark.parametrize(
    "key", ["main_script_name", "max_runs", "hyperparameters", "early_stopping"]
)
def test_missing_required_key_is_named(folder: Path, key: str) -> None:
    source = seed_example()
    del source[key]
    assert problems(source, folder)[key].startswith("is missing")


@pytest.mark.parametrize("value", ["true", 1, None, []])
def test_early_stopping_must_be_a_boolean(folder: Path, value: object) -> None:
    found = problems(seed_example() | {"early_stopping": value}, folder)
    assert "must be true or false" in found["early_stopping"]


@pytest.mark.parametrize("name", ["", "a b", "a=b", "-x", "a\nb", "\ud800", "a\x1b[2J"])
def test_name_that_cannot_be_passed_is_refused(folder: Path, name: str) -> None:
    source = seed_example()
    source["hyperparameters"][name] = {"type": "choice", "candidates": [1]}
    assert f"hyperparameters.{name}" in problems(source, folder)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ({"type": "choice", "candidates": [1, NAN]}, ".candidates.1"),
        ({"type": "choice", "candidates": [{"a": [INF]}]}, ".candidates.0"),
        ({"type": "constant", "value": -INF}, ".value"),
        ({"type": "normal", "mu": 1e308, "sigma": 1e308}, ""),
        ({"type": "normal", "mu": 1e300, "sigma": 1, "step": 1e-100}, ""),
        ({"type": "lognormal", "mu": 690, "sigma": 1, "step": 1e-100}, ""),
    ],
)
def test_value_that_json_cannot_hold_is_refused(
    folder: Path, definition: dict[str, Any], place: str
) -> None:
    source = seed_example()
    source["hyperparameters"]["x"] = definition
    output = problems(source, folder)
    assert list(output) == [f"hyperparameters.x{place}"]
    assert any(word in "".join(output.values()) for word in ("finite number", "too large", "small"))


@pytest.mark.parametrize("value", [NAN, INF, 10**400, 1e308])
@pytest.mark.parametrize("kind", ["normal", "lognormal"])
def test_first_run_that_json_cannot_hold_is_refused(folder: Path, value: float, kind: str) -> None:
    source = seed_example() | {"first_runs": [{"x": value}]}
    source["hyperparameters"]["x"] = {"type": kind, "mu": 0, "sigma": 1, "step": 1e-9}
    assert list(problems(source, folder)) == ["first_runs.0.x"]


@pytest.mark.parametrize("value", ["a\0b", "\ud800", ["\ud800"]])
def test_value_that_no_argument_can_hold_is_refused(folder: Path, value: object) -> None:
    source = seed_example()
    source["hyperparameters"]["batch_size"]["candidates"] = [1, value]
    assert "cannot be passed" in problems(source, folder)["hyperparameters.batch_size.candidates.1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "never closed"),
        ('{"max_runs": 1,}', "line 1: the comma before a closing bracket"),
        ('{"max_runs" 1}', "line 1, column"),
        ("[1]", "one JSON object"),
        ('{"max_runs": 1, "max_runs": 2}', "duplicate key"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_broken_file_is_explained(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "experiment_cfg.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="experiment_cfg") as caught:
        load_config(path)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"main_script_name": "x" * 300}, "main_script_name"),
        ({"warm_start": ["x" * 300]}, "warm_start.0"),
        ({"environment": {"A": "\ud800"}}, "environment"),
        ({"environment": {"\ud800": "a"}}, "environment"),
        ({"repeats": {"count": 2, "seed_name": "a\x1b"}}, "repeats.seed_name"),
        ({"\ud800": 1}, ""),
    ],
)
def test_text_that_no_system_takes_is_refused(
    folder: Path, changes: dict[str, Any], key: str
) -> None:
    assert list(problems(seed_example() | changes, folder)) == [key]


def test_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "experiment_cfg.json")


def test_published_schema_is_that_of_the_code() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1e-05, "1e-05"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        ("", ""),
        ("-x y", "-x y"),
        ([1, "a"], '[1, "a"]'),
        ("é", "é"),
    ],
)
def test_values_on_the_command_line_have_the_form_of_python(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_mistakes_in_rules_are_reported_with_key_value_and_what_is_allowed(folder: Path) -> None:
    source = seed_example() | {
        "stopping_rules": [
            {"rule": "ahsa"},
            {"patience": 3},
            {"rule": "asha", "min_resource": 0, "reduction_facter": 3},
            {"rule": "hyperband", "min_resource": 9, "max_resource": 3},
            {"rule": "hyperband"},
            {"rule": "median", "compare_with": "mean", "warmup": -1},
            {"rule": "threshold", "above": "1", "check_finite": 0},
            {"rule": "threshold", "check_finite": False},
            {"rule": "threshold", "above": 1, "below": 2},
            {"rule": "patience", "patience": 1.5, "resource": "epoch"},
            "asha",
        ],
        "check_finite": "yes",
        "target": "best",
        "max_hours": 0,
        "retries": -1,
        "timeout_s": 0,
        "max_runs_without_improvement": 0,
        "gpus_per_run": -1,
        "runs_per_gpu": 0,
        "grace_s": -1,
        "retry_backoff_s": None,
        "min_free_gpu_memory_gb": 0,
        "command": [1],
        "environment": [],
    }
    found = problems(source, folder)
    assert found["stopping_rules.0"].startswith('unknown rule "ahsa", did you mean asha?')
    assert "needs a rule: one of patience, median, asha" in found["stopping_rules.1"]
    assert "1 or more, got 0" in found["stopping_rules.2.min_resource"]
    assert "did you mean reduction_factor?" in found["stopping_rules.2.reduction_facter"]
    assert "min_resource=9, max_resource=3" in found["stopping_rules.3"]
    assert "is missing" in found["stopping_rules.4.max_resource"]
    assert 'got "mean"' in found["stopping_rules.5.compare_with"]
    assert "0 or more, got -1" in found["stopping_rules.5.warmup"]
    assert "finite number" in found["stopping_rules.6.above"]
    assert "true or false" in found["stopping_rules.6.check_finite"]
    assert "nothing to stop at" in found["stopping_rules.7"]
    assert "above=1 is less than below=2" in found["stopping_rules.8"]
    assert "whole number" in found["stopping_rules.9.patience"]
    assert '"step" (as logged) or "values"' in found["stopping_rules.9.resource"]
    assert "an object with a rule" in found["stopping_rules.10"]
    assert "above 0, got 0" in found["max_hours"]
    assert found["command.0"] == "must be a string, got 1"
    for key in (
        "check_finite",
        "target",
        "retries",
        "timeout_s",
        "max_runs_without_improvement",
        "gpus_per_run",
        "runs_per_gpu",
        "grace_s",
        "retry_backoff_s",
        "min_free_gpu_memory_gb",
        "environment",
    ):
        assert found[key].startswith("must be "), found[key]


@pytest.mark.parametrize(
    "changes",
    [{"target": 1.0}, {"max_runs_without_improvement": 2}, {"stopping_rules": [{"rule": "asha"}]}],
)
def test_rules_need_a_metric_and_a_goal(folder: Path, changes: dict[str, Any]) -> None:
    keys = ("main_script_name", "max_runs", "hyperparameters")
    source = {key: seed_example()[key] for key in keys} | {"early_stopping": False, **changes}
    found = problems(source, folder)
    (asking,) = changes
    assert found == {
        "optimization_metric": f"is missing. {asking} needs it",
        "optimization_goal": f"is missing. {asking} needs it",
    }


def test_threshold_of_another_metric_needs_no_goal(folder: Path) -> None:
    keys = ("main_script_name", "max_runs", "hyperparameters")
    rule = {"rule": "threshold", "metric": "Loss", "above": 5}
    source = {key: seed_example()[key] for key in keys}
    loaded = validate_config(source | {"early_stopping": False, "stopping_rules": [rule]}, folder)
    assert loaded.config.optimization_goal is None
