"""The best value of a run on its way, as samplers learn from it."""

from typing import Any

import pytest

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.stopping.milestones import (
    CurveOfBest,
    Milestones,
    milestones_of,
)


def rules(*given: dict[str, Any]) -> Any:
    config = SweepConfig.model_validate(
        {
            "main_script_name": "-",
            "max_runs": 1,
            "early_stopping": False,
            "optimization_metric": "loss",
            "optimization_goal": "min",
            "stopping_rules": list(given),
            "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
        }
    )
    return config.stopping_rules


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"rule": "asha", "min_resource": 2, "reduction_factor": 4}, Milestones("step", 2, 4)),
        ({"rule": "hyperband", "max_resource": 81}, Milestones("step", 1, 3)),
        ({"rule": "median", "resource": "values"}, Milestones("values", 1, 3)),
        ({"rule": "wandb_hyperband", "min_iter": 3, "eta": 2.0}, Milestones("values", 3, 2)),
        ({"rule": "patience", "patience": 3}, None),
        ({"rule": "threshold", "above": 3.0}, None),
    ],
)
def test_milestones_are_where_the_rule_compares(
    rule: dict[str, Any], expected: Milestones | None
) -> None:
    assert milestones_of(rules(rule)) == expected
    assert milestones_of(rules({"rule": "threshold", "above": 1.0}, rule)) == expected


def test_curve_has_the_best_value_up_to_each_milestone_and_the_end() -> None:
    curve = CurveOfBest("min", Milestones("step", 1, 3))
    curve.update([0, 1, 2], [5.0, 4.0, 6.0])
    assert curve.points() == [(1, 4.0), (2, 4.0)]
    curve.update([3, 4], [float("nan"), 3.0])
    curve.update([9, 10], [2.0, 1.0])
    assert curve.points() == [(1, 4.0), (3, 4.0), (9, 2.0), (10, 1.0)]
    assert curve.points(until=3) == [(1, 4.0), (3, 4.0)]  # values after a stop


def test_progress_may_be_the_number_of_values_and_may_jump() -> None:
    by_values = CurveOfBest("max", Milestones("values", 2, 2))
    by_values.update([100, 200, 300], [1.0, 2.0, 3.0])
    assert by_values.points() == [(2, 2.0), (3, 3.0)]
    by_step = CurveOfBest("max", Milestones("step", 1, 10))
    by_step.update([250], [1.0])
    assert by_step.points() == [(1, 1.0), (10, 1.0), (100, 1.0), (250, 1.0)]


def test_run_without_a_value_has_no_curve() -> None:
    curve = CurveOfBest("max", Milestones("step", 1, 3))
    curve.update([1], [float("nan")])
    assert curve.points() == []
