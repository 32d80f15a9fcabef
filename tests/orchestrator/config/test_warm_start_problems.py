"""An earlier sweep must have the goals of the sweep that starts from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.config.validation import validate_config
from ml_tracking_ops.orchestrator.errors import ConfigError

ONE = {"optimization_metric": "loss", "optimization_goal": "min"}
TWO = [{"metric": "accuracy", "goal": "max"}, {"metric": "latency", "goal": "min"}]


def problem(folder: Path, earlier: dict[str, Any], **changes: Any) -> str | None:
    """Return what is wrong with starting from a sweep with the configuration `earlier`."""
    sweep = folder / "runs" / "a"
    sweep.mkdir(parents=True)
    (sweep / "journal.jsonl").touch()
    (sweep / "experiment_description.json").write_text(json.dumps({"config": earlier}))
    (folder / "train.py").touch()
    source = {
        "main_script_name": "train.py",
        "max_runs": 3,
        "early_stopping": False,
        "hyperparameters": {"lr": {"type": "uniform", "min": 0, "max": 1}},
        "warm_start": ["runs/a"],
        **changes,
    }
    try:
        validate_config(source, folder)
    except ConfigError as error:
        (found,) = error.problems
        assert found.key == "warm_start.0"
        return found.message
    return None


def test_earlier_sweep_must_have_optimised_the_same_metric(tmp_path: Path) -> None:
    found = problem(tmp_path, ONE, **{**ONE, "optimization_metric": "Loss"})
    assert found == 'that sweep has optimization_metric "loss", this one "Loss"'


@pytest.mark.parametrize(
    ("earlier", "now", "text"),
    [
        (
            ONE,
            {"objectives": TWO},
            'that sweep has optimization_metric "loss", this one the objectives max "accuracy", '
            'min "latency"',
        ),
        (
            {"objectives": TWO},
            ONE,
            'that sweep has the objectives max "accuracy", min "latency", this one '
            'optimization_metric "loss"',
        ),
        (
            {"objectives": TWO},
            {"objectives": [TWO[0], {**TWO[1], "take": "best"}]},
            'this one the objectives max "accuracy", min "latency" (best value)',
        ),
        ({"objectives": TWO}, {"objectives": TWO[::-1]}, "the same metrics, goals and order"),
    ],
)
def test_earlier_sweep_with_other_objectives_is_a_mistake(
    tmp_path: Path, earlier: dict[str, Any], now: dict[str, Any], text: str
) -> None:
    assert text in str(problem(tmp_path, earlier, **now))


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (ONE, ONE),
        ({}, ONE),
        ({"objectives": TWO}, {"objectives": TWO}),
        ({"objectives": TWO}, {"objectives": [{**TWO[0], "reference": 0.5}, TWO[1]]}),
        ({"objectives": TWO}, {"objectives": [{**TWO[0], "take": "last"}, TWO[1]]}),
    ],
)
def test_earlier_sweep_with_the_same_goals_is_accepted(
    tmp_path: Path, earlier: dict[str, Any], now: dict[str, Any]
) -> None:
    assert problem(tmp_path, earlier, **now) is None
