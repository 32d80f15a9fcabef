"""Groups of hyperparameters: written nested, searched under dotted names."""

from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.config.validation import validate_config
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.search.groups import without_groups

UNIFORM = {"type": "uniform", "min": 0, "max": 1}
NAME = {"type": "choice", "candidates": ["sgd", "adam"]}
OPTIMIZER = {
    "type": "group",
    "parameters": {
        "name": NAME,
        "lr": UNIFORM,
        "sgd": {
            "type": "group",
            "when": {"optimizer.name": "sgd"},
            "parameters": {"momentum": UNIFORM, "nesterov": {**NAME, "when": {"depth": 2}}},
        },
    },
}


def source(**changes: Any) -> dict[str, Any]:
    return {
        "main_script_name": "train.py",
        "max_runs": 3,
        "early_stopping": False,
        "hyperparameters": {"optimizer": OPTIMIZER, "depth": {"type": "int", "min": 1, "max": 3}},
        **changes,
    }


def problems(folder: Path, **changes: Any) -> dict[str, str]:
    (folder / "train.py").touch()
    with pytest.raises(ConfigError) as caught:
        validate_config(source(**changes), folder)
    return {problem.key: problem.message for problem in caught.value.problems}


def test_groups_become_dotted_names_in_their_order() -> None:
    flat = without_groups(source())
    assert [*flat.source["hyperparameters"]] == [
        "optimizer.name",
        "optimizer.lr",
        "optimizer.sgd.momentum",
        "optimizer.sgd.nesterov",
        "depth",
    ]
    assert flat.source["groups"] == ["optimizer", "optimizer.sgd"]
    momentum, nesterov = (
        flat.source["hyperparameters"][f"optimizer.sgd.{name}"] for name in ("momentum", "nesterov")
    )
    assert momentum["when"] == {"optimizer.name": "sgd"}
    assert nesterov["when"] == {"optimizer.name": "sgd", "depth": 2}
    assert without_groups(flat.source).source == flat.source


def test_conditions_constraints_and_first_runs_name_them_with_the_dot(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    loaded = validate_config(
        source(
            constraints=["optimizer.lr <= 0.5"],
            first_runs=[{"optimizer": {"name": "adam", "lr": 0.25}}, {"optimizer.lr": 0.1}],
        ),
        tmp_path,
    )
    assert loaded.config.first_runs[0] == {"optimizer.name": "adam", "optimizer.lr": 0.25}
    assert [*loaded.source["hyperparameters"]] == [*loaded.config.hyperparameters]  # type: ignore[misc]


def test_nested_parameters_of_wandb_are_a_group() -> None:
    nested = {"parameters": {"lr": UNIFORM}}
    config = SweepConfig.model_validate(source(hyperparameters={"optimizer": nested}))
    assert [*config.hyperparameters] == ["optimizer.lr"]
    assert config.groups == ("optimizer",)


@pytest.mark.parametrize(
    ("hyperparameters", "key", "text"),
    [
        (
            {"a": {"type": "group", "parameters": {"x": {"type": "uniform", "min": 2, "max": 1}}}},
            "hyperparameters.a.parameters.x",
            "min must be less than max",
        ),
        (
            {"a": {"type": "group", "parameters": {"x": {"type": "unifrom"}}}},
            "hyperparameters.a.parameters.x",
            "did you mean uniform?",
        ),
        (
            {"a": {"type": "group", "parameters": {"x": {**UNIFORM, "when": {"b": 1}}}}},
            "hyperparameters.a.parameters.x.when.b",
            "no such hyperparameter",
        ),
        ({"a": {"type": "group", "parameters": {}}}, "hyperparameters.a.parameters", "empty"),
        ({"a": {"type": "group"}}, "hyperparameters.a.parameters", "is missing"),
        (
            {"a": {"type": "group", "parameters": {"x": UNIFORM}, "min": 1}},
            "hyperparameters.a.min",
            "unknown key",
        ),
        (
            {"a": {"type": "group", "parameters": {"x": UNIFORM}}, "a.x": UNIFORM},
            "hyperparameters.a.parameters.x",
            "a.x already exists",
        ),
        (
            {"a": {"type": "group", "parameters": {"x y": UNIFORM}}},
            "hyperparameters.a.parameters.x y",
            "cannot be passed",
        ),
    ],
)
def test_mistake_in_a_group_is_reported_with_its_place_in_the_file(
    tmp_path: Path, hyperparameters: dict[str, Any], key: str, text: str
) -> None:
    assert text in problems(tmp_path, hyperparameters=hyperparameters)[key]
