import json
from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.config import (
    as_text,
    json_schema,
    load_config,
    validate_config,
)
from ml_tracking_ops.orchestrator.errors import ConfigError

SCHEMA = Path(__file__).parents[1] / "orchestrator" / "experiment_cfg.schema.json"


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


def test_every_mistake_is_told_at_once_with_key_value_and_what_is_allowed(folder: Path) -> None:
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
        'unknown type "unifrom", did you mean uniform?; allowed: uniform, choice, loguniform'
    )
    assert "must not be empty" in found["hyperparameters.batch_size.candidates"]
    assert "did you mean candidates?" in found["hyperparameters.batch_size.candidate"]
    assert "needs a type" in found["hyperparameters.width"]
    assert found["hyperparameters.depth.min"] == 'must be a finite number, got "1"'
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


@pytest.mark.parametrize("name", ["", "a b", "a=b", "-x", "a\nb"])
def test_name_that_cannot_be_passed_is_refused(folder: Path, name: str) -> None:
    source = seed_example()
    source["hyperparameters"][name] = {"type": "choice", "candidates": [1]}
    assert f"hyperparameters.{name}" in problems(source, folder)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", ["\ud800"]])
def test_value_that_no_process_can_be_given_is_refused(folder: Path, value: object) -> None:
    source = seed_example()
    source["hyperparameters"]["batch_size"]["candidates"] = [1, value]
    assert "cannot be passed" in problems(source, folder)["hyperparameters.batch_size.candidates.1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not valid JSON"),
        ('{"max_runs": 1,}', "line 1, column"),
        ("[1]", "one JSON object"),
        ('{"max_runs": 1, "max_runs": 2}', "twice"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_broken_file_is_explained(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "experiment_cfg.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="experiment_cfg") as caught:
        load_config(path)
    assert expected in str(caught.value)


def test_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "experiment_cfg.json")


def test_published_schema_is_that_of_the_code() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"), (1e-05, "1e-05"), (3, "3"), (True, "True"), (None, "None"), ("", ""),
        ("-x y", "-x y"), ([1, "a"], '[1, "a"]'), ("é", "é"),
    ],
)  # fmt: skip
def test_values_stand_on_the_command_line_as_python_reads_them(value: Any, text: str) -> None:
    assert as_text(value) == text
