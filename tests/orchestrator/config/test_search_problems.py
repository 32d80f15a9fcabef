"""All mistakes in a search are reported at once, each with its key."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_tracking_ops.orchestrator.cli.commands.dry_run import preview_runs
from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.config.validation import validate_config
from ml_tracking_ops.orchestrator.errors import ConfigError

CHOICE = {"type": "choice", "candidates": ["sgd", "adam"]}
UNIFORM = {"type": "uniform", "min": 0, "max": 1}


def source(**changes: Any) -> dict[str, Any]:
    return {
        "main_script_name": "train.py",
        "max_runs": 3,
        "early_stopping": False,
        "hyperparameters": {"optimizer": CHOICE, "lr": UNIFORM},
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").touch()
    return tmp_path


def accept(folder: Path, **changes: Any) -> SweepConfig:
    return validate_config(source(**changes), folder).config


def problems(folder: Path, **changes: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        validate_config(source(**changes), folder)
    return {problem.key: problem.message for problem in caught.value.problems}


def hyperparameters(**definitions: Any) -> dict[str, Any]:
    return {"optimizer": CHOICE, "lr": UNIFORM, **definitions}


def test_every_mistake_in_a_search_is_reported_at_once(folder: Path) -> None:
    found = problems(
        folder,
        sampler="tpes",
        repeats={"count": 0, "seed": "seed"},
        warm_start=["runs/nowhere", 3],
        first_runs=[{}],
        constraints=[""],
        hyperparameters={
            "depth": {"type": "int", "min": 1.5, "max": "4", "step": 0},
            "width": {"type": "choice", "candidates": [1, 2], "probabilities": [0.4, 0.4]},
            "noise": {"type": "normal", "mean": 0, "sigma": -1},
            "rate": {"type": "loguniform", "min": -5, "max": -1},
            "same": {"type": "tied"},
            "when": {"type": "uniform", "min": 0, "max": 1, "when": ["a"]},
        },
    )
    assert found["sampler"] == (
        'unknown type "tpes", did you mean tpe? '
        "(allowed: random, grid, sobol, tpe, gp, bayes, cma_es, nsga2, optunahub, auto)"
    )
    assert found["repeats.count"] == "must be a whole number, 1 or more, got 0"
    assert found["repeats.seed"].startswith("unknown key, did you mean seed_name?")
    assert found["repeats.seed_name"].startswith("is missing")
    assert '"runs/nowhere" is not the folder of a sweep' in found["warm_start.0"]
    assert found.keys() >= {"warm_start.1", "first_runs.0", "constraints.0"}
    prefix = "hyperparameters."
    assert found[prefix + "depth.min"] == "must be a whole number, got 1.5"
    assert found[prefix + "depth.max"] == (
        'must be a whole number, got "4". Write it without quotes'
    )
    assert found[prefix + "depth.step"] == "must be a whole number, 1 or more, got 0"
    assert "add up to 1, got 0.8" in found[prefix + "width"]
    assert "unknown key" in found[prefix + "noise.mean"]
    assert found[prefix + "noise.sigma"] == "must be a number above 0, got -1"
    assert "write min 1e-05, max 0.1" in found[prefix + "rate"]
    assert found[prefix + "same.to"].startswith("is missing")
    assert 'an object such as {"optimizer": "sgd"}' in found[prefix + "when.when"]


@pytest.mark.parametrize(
    ("definitions", "key", "message"),
    [
        (
            {"m": {**UNIFORM, "when": {"optimiser": "sgd"}}},
            "m.when.optimiser",
            "no such hyperparameter, did you mean optimizer?",
        ),
        (
            {"m": {**UNIFORM, "when": {"optimizer": "sdg"}}},
            "m.when.optimizer",
            'optimizer is never "sdg". Possible: "sgd", "adam"',
        ),
        ({"m": {**UNIFORM, "when": {"lr": 0.5}}}, "m.when.lr", "This one is continuous"),
        ({"m": {**UNIFORM, "when": {"m": 1}}}, "m.when.m", "cannot depend on itself"),
        ({"m": {"type": "tied", "to": "rate"}}, "m.to", "no such hyperparameter"),
        (
            {"m": {"type": "tied", "to": "n"}, "n": {"type": "tied", "to": "m"}},
            "m",
            "depend on each other in a circle: m → n → m",
        ),
        (
            {"m": {**CHOICE, "when": {"n": "sgd"}}, "n": {**CHOICE, "when": {"m": "sgd"}}},
            "m",
            "depend on each other in a circle",
        ),
        ({"m": {"type": "constant", "value": "a\0"}}, "m.value", "cannot be passed"),
    ],
)
def test_impossible_dependency_is_explained(
    folder: Path, definitions: dict[str, Any], key: str, message: str
) -> None:
    found = problems(folder, hyperparameters=hyperparameters(**definitions))
    assert message in found[f"hyperparameters.{key}"]


@pytest.mark.parametrize(
    ("constraints", "key", "message"),
    [
        (["lr <"], "constraints.0", "is not an expression"),
        (["lr < 1", "open('x')"], "constraints.1", "is not understood. Allowed are numbers"),
        (["rate < 1"], "constraints.0", "no hyperparameter rate"),
        (["ls < 1"], "constraints.0", "did you mean lr?"),
        (
            ["lr + 1"],
            "constraints.0",
            '"lr + 1" is neither true nor false: write a comparison, such as lr + 1 <= 0',
        ),
        (["lr < 1 and not lr"], "constraints.0", "such as lr <= 0"),
        (["lr < 1", "2 if lr < 1 else 3"], "constraints.1", "such as 2 <= 0"),
        (["optimizer < 3"], "constraints.0", "does not fit the values"),
        (
            ["lr < 1", "lr > 2"],
            "constraints",
            'no combination met all of them in 10,000 draws. The rarest was "lr > 2", met by 0',
        ),
    ],
)
def test_constraint_that_cannot_be_met_is_explained(
    folder: Path, constraints: list[str], key: str, message: str
) -> None:
    assert message in problems(folder, constraints=constraints)[key]


def test_hyperparameter_that_is_true_or_false_is_a_constraint(folder: Path) -> None:
    flag = {"type": "choice", "candidates": [True, False]}
    again = {"type": "tied", "to": "flag"}
    both = hyperparameters(flag=flag, again=again)
    accept(
        folder, hyperparameters=both, constraints=["flag or lr < 0.5", "not (flag and not again)"]
    )


def test_rare_combination_is_enough_where_all_can_be_listed(folder: Path) -> None:
    rare = {"type": "choice", "candidates": [0, 1], "probabilities": [1 - 1e-12, 1e-12]}
    accept(folder, hyperparameters={"a": rare}, constraints=["a == 1"])


@pytest.mark.parametrize(
    ("run", "key", "message"),
    [
        ({"lrr": 1}, "lrr", "no such hyperparameter, did you mean lr?"),
        ({"lr": 3}, "lr", "3 is not in the search space: min 0.0, max 1.0"),
        ({"optimizer": "lamb"}, "optimizer", '"lamb" is not in the search space: candidates'),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum", "its condition is not met"),
        ({"lr": 0.5, "again": 0.6}, "again", "is tied to lr"),
        ({"fixed": 4}, "fixed", "it is always 3"),
        ({"lr": 0.95}, "", "cannot be completed so that it meets the constraints"),
    ],
)
def test_first_run_outside_the_space_is_explained(
    folder: Path, run: dict[str, Any], key: str, message: str
) -> None:
    found = problems(
        folder,
        first_runs=[{"lr": 0.1}, run],
        constraints=["lr < 0.9"],
        hyperparameters=hyperparameters(
            momentum={**UNIFORM, "when": {"optimizer": "sgd"}},
            again={"type": "tied", "to": "lr"},
            fixed={"type": "constant", "value": 3},
        ),
    )
    assert message in found[f"first_runs.1.{key}".rstrip(".")]


def test_equal_first_runs_are_reported(folder: Path) -> None:
    values = {"type": "choice", "candidates": [1, True, 2]}
    found = problems(
        folder,
        hyperparameters={"x": values, "fixed": {"type": "constant", "value": 3}},
        first_runs=[{"x": 1}, {"x": 2}, {"x": True}, {"x": 1.0, "fixed": 3}],
    )
    assert found == {"first_runs.3": "is the same as first_runs.0. Keep one"}
    accept(folder, first_runs=[{"optimizer": "sgd"}, {"optimizer": "sgd"}])  # lr is drawn


def test_first_runs_are_completed_so_that_none_is_run_twice(folder: Path) -> None:
    """Incomplete first runs are completed. Those that cannot be new are skipped with a note."""
    xy = {name: {"type": "choice", "candidates": [1, 2]} for name in "xy"}
    given = [{"x": 1}, {"x": 1.0}, {"y": 1}, {"y": 1}, {"x": 1}, {"y": 2}]
    config = accept(folder, hyperparameters=xy, first_runs=given, max_runs=9)
    for seed in range(8):
        output: list[str] = []
        runs = list(preview_runs(config, seed, output.append))
        assert len(runs) == len({str(run) for run in runs}) == 4
        assert "left out, because every completion" in output[0]
        assert output[1] == "every combination of the search space has been run: 4"


def test_first_runs_beyond_max_runs_are_reported(folder: Path) -> None:
    loaded = validate_config(source(first_runs=[{"lr": x} for x in (0.1, 0.2, 0.3)]), folder)
    assert loaded.with_max_runs(3).remarks == ()
    (remark,) = loaded.with_max_runs(2).remarks
    assert remark == "max_runs is 2: of the 3 first_runs the last 1 will not run"


def test_grid_needs_values_that_have_an_end(folder: Path) -> None:
    found = problems(
        folder,
        sampler="grid",
        hyperparameters=hyperparameters(noise={"type": "normal", "mu": 0, "sigma": 1}),
    )
    assert "give it a step, or list the values as a choice" in found["hyperparameters.lr"]
    assert "give it a step" not in found["hyperparameters.noise"]
    stepped = {**UNIFORM, "step": 0.1}
    assert accept(folder, sampler="grid", hyperparameters={"lr": stepped}).sampler.type == "grid"


def test_sampler_that_learns_needs_a_metric(folder: Path) -> None:
    found = problems(folder, sampler="tpe")
    assert found["optimization_metric"] == "is missing. The sampler tpe learns from it"
    assert "optimization_goal" in found


@pytest.mark.parametrize("name", ["lr", "logdir", "-s", "a b"])
def test_seed_name_must_be_free_and_passable(folder: Path, name: str) -> None:
    assert "repeats.seed_name" in problems(folder, repeats={"count": 2, "seed_name": name})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["lr", "optimizer", "sgd", "uniform", "int", "tied", "lr < 1", 0.5, 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "min",
                    "max",
                    "step",
                    "when",
                    "to",
                    "candidates",
                    "lr",
                    "value",
                    "probabilities",
                    "count",
                    "seed_name",
                    "mu",
                    "sigma",
                    "optimizer",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
keys = st.sampled_from(["sampler", "constraints", "first_runs", "warm_start", "repeats", "x"])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(keys, json_values, max_size=4))
def test_any_content_of_the_file_is_accepted_or_explained(
    folder: Path, changes: dict[str, Any]
) -> None:
    extra = {"x": changes.pop("x")} if "x" in changes else {}
    with contextlib.suppress(ConfigError):
        accept(folder, **changes, hyperparameters=hyperparameters(**extra))
