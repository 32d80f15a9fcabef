"""Conditions over settings, metrics and what all runs have."""

from typing import Any

import pytest

from ml_tracking_ops.orchestrator.expressions.expression import ExpressionError
from ml_tracking_ops.web.series.goals import Goals
from ml_tracking_ops.web.series.summaries import MetricSummary
from ml_tracking_ops.web.tables.columns import run_columns
from ml_tracking_ops.web.tables.filtering.conditions import (
    RunCondition,
    asked_metrics,
    condition_problems,
)
from ml_tracking_ops.web.tables.hyperparameters import describe_hyperparameters
from ml_tracking_ops.web.tables.rows import Row


def row(index: int, **more: Any) -> Row:
    given: dict[str, Any] = {
        "hyperparameters": {"lr": index / 10, "optim.name": "adam"},
        "best_value": index / 100,
        "metrics": {"loss/val": MetricSummary(3, 0.5, 2, 0.25, 1.0)},
        "tags": ("paper",),
        "started_at": 10.0,
        "ended_at": 70.0,
        **more,
    }
    return Row(id=f"r{index}", name=f"r{index}", index=index, state="finished", **given)


ROWS = [row(1), row(2, hyperparameters={"lr": None, "momentum": 0.9}), row(3, metrics={})]
COLUMNS = run_columns("Accuracy", describe_hyperparameters(ROWS), Goals({"Accuracy": "max"}))


def passing(text: str) -> list[int]:
    condition = RunCondition(text, COLUMNS, ["Accuracy", "loss/val"])
    return [one.index for one in ROWS if condition.passes(one)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lr > 0.2", [3]),
        ("lr == None", [2]),
        ("optim.name == 'adam'", [1, 3]),
        ("momentum > 0.5", [2]),
        ("momentum > 0.5 or lr < 0.2", [1, 2]),
        ("not momentum > 0.5", [1, 3]),
        ("state == 'finished' and 'paper' in tags", [1, 2, 3]),
        ("Accuracy >= 0.02", [2, 3]),
        ("loss/val < 0.3", [1, 2]),
        ("last.loss/val > 0.4 and max.loss/val <= 1", [1, 2]),
        ("number in [1, 3] and duration == 60", [1, 3]),
        ("1 / (number - 1) > 0.6", [2]),
    ],
)
def test_runs_pass_that_meet_the_condition(text: str, found: list[int]) -> None:
    assert passing(text) == found


def test_logs_are_needed_for_metrics_that_rows_do_not_hold() -> None:
    assert asked_metrics("lr > 1 and Accuracy > 2 and state == 'failed'", COLUMNS) == frozenset()
    assert asked_metrics("loss > 1", COLUMNS) == {"loss"}


def test_condition_that_is_not_understood_says_why() -> None:
    with pytest.raises(ExpressionError, match="not understood"):
        RunCondition("open('/etc/passwd')", COLUMNS)
    (problem,) = condition_problems("lrr > 1", COLUMNS, ROWS)
    assert "no run has lrr" in problem
    assert "lr" in problem.partition("lrr")[2]
    assert condition_problems("lrr > 1", COLUMNS, None) == []
