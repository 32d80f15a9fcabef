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
    condition_of,
    condition_problems,
)
from ml_tracking_ops.web.tables.hyperparameters import describe_hyperparameters
from ml_tracking_ops.web.tables.query import TableQuery
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
    held = TableQuery(where="lr > 1 and Accuracy > 2 and state == 'failed'")
    assert asked_metrics(held, COLUMNS) == frozenset()
    assert asked_metrics(TableQuery(where="loss > 1"), COLUMNS) == {"loss"}
    derived = TableQuery(where="last.gap > 1", pairs=(("derive", GAP),))
    assert asked_metrics(derived, COLUMNS) == {"last.gap"}


GAP, TRAINED = "gap := loss/val - 1", "the gap at the end := loss/val - 1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gap < 0.2", [1]),
        ("max.gap > 0.8", [1]),
        ("the gap at the end > 0.3 or gap < 0.2", [1, 2]),
        ("lr > 0.2", [3]),
    ],
)
def test_derived_metrics_have_their_given_names(text: str, found: list[int]) -> None:
    known = MetricSummary(3, 0.1, 2, 0.0, 0.9)
    end = MetricSummary(3, 0.4, 2, 0.0, 0.9)
    rows = [row(1, metrics={GAP: known}), row(2, metrics={TRAINED: end}), row(3, metrics={})]
    query = TableQuery(where=text, pairs=(("derive", GAP), ("derive", TRAINED)))
    condition = condition_of(query, COLUMNS, rows)
    assert condition is not None
    assert [one.index for one in rows if condition.passes(one)] == found
    assert condition.unknown_names() == []


def test_setting_takes_precedence_over_a_derived_metric() -> None:
    metrics = {"lr := loss/val": MetricSummary(1, 5.0, 0, 5.0, 5.0)}
    rows = [row(1, metrics=metrics)]
    query = TableQuery(where="lr > 1", pairs=(("derive", "lr := loss/val"),))
    condition = condition_of(query, COLUMNS, rows)
    assert condition is not None
    assert not condition.passes(rows[0])


def test_condition_that_cannot_be_parsed_says_why() -> None:
    with pytest.raises(ExpressionError, match="not understood"):
        RunCondition("open('/etc/passwd')", COLUMNS)
    query = TableQuery(where="lrr > 1")
    (problem,) = condition_problems(query, COLUMNS, ROWS)
    assert "no run has lrr" in problem
    assert "lr" in problem.partition("lrr")[2]
    assert condition_problems(query, COLUMNS, None) == []
