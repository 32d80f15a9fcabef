"""Objectives, constraints on outcomes, and what a journal makes of both."""

import math
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.store.outcomes.aims import (
    OutcomeConstraint,
    OutcomeTracker,
    aims_of,
)
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

TWO = [{"metric": "accuracy", "goal": "max"}, {"metric": "latency_ms", "goal": "min"}]


@pytest.mark.parametrize(
    ("text", "values", "violation"),
    [
        ("memory_gb <= 24", {"memory_gb": 30.0}, 6.0),
        ("memory_gb <= 24", {"memory_gb": 20.0}, -4.0),
        ("memory_gb < 24", {"memory_gb": 24.0}, 1e-12),
        ("val/loss < 1", {"val/loss": 3.0}, 2.0),
        ("a / b <= 2", {"a": 9.0, "b": 3.0}, 1.0),
        ("1 <= a <= 2", {"a": 0.25}, 0.75),
        ("a > 1 and b > 1", {"a": 0.5, "b": 0.75}, 0.75),
        ("a > 1 or b > 1", {"a": 0.5, "b": 0.75}, 0.25),
        ("a in [1, 2]", {"a": 3.0}, 1.0),
        ("a == 1", {"a": 1.0}, 0.0),
        ("memory_gb <= 24", {}, None),
        ("memory_gb <= 24", {"memory_gb": math.nan}, None),
        ("a / b <= 2", {"a": 1.0, "b": 0.0}, None),
    ],
)
def test_constraint_says_by_how_much_it_is_missed(
    text: str, values: dict[str, float], violation: float | None
) -> None:
    assert OutcomeConstraint(text).violation(values) == pytest.approx(violation)


def test_outcome_takes_the_last_value_or_the_best_one() -> None:
    aims = aims_of(
        {
            "objectives": [{"metric": "loss", "goal": "min", "take": "best"}, TWO[0]],
            "where": ["memory <= 1"],
        }
    )
    outcome = OutcomeTracker(aims)
    outcome.update("loss", [1, 2, 3], [3.0, 1.0, 2.0])
    outcome.update("accuracy", [1, 2], [0.9, 0.8])
    outcome.update("other", [1], [5.0])
    assert outcome.values == {"loss": 1.0, "accuracy": 0.8}


def ended(index: int, state: str = "finished", **values: float) -> list[dict[str, Any]]:
    name = f"run_{index}"
    about = {"time": float(index), "index": index}
    return [
        {"event": "sampled", **about, "hyperparameters": {}},
        {"event": "started", **about, "name": name},
        {"event": "ended", **about, "state": state, "values": values},
    ]


def record_of(config: dict[str, Any], *runs: list[dict[str, Any]]) -> SweepRecord:
    record = SweepRecord(aims=aims_of(config))
    for events in runs:
        for event in events:
            record.apply(event)
    return record


def test_front_holds_only_runs_that_meet_where_and_have_every_value() -> None:
    record = record_of(
        {"objectives": TWO, "where": ["memory_gb <= 24"]},
        ended(1, accuracy=0.5, latency_ms=2, memory_gb=3),
        ended(2, accuracy=0.9, latency_ms=1, memory_gb=30),
        ended(3, accuracy=0.4, latency_ms=3, memory_gb=3),
        ended(4, accuracy=0.7, latency_ms=4, memory_gb=3),
        ended(5, accuracy=0.95, memory_gb=3),
        ended(6, state="failed", accuracy=0.99, latency_ms=0.5, memory_gb=3),
        ended(7, accuracy=0.99, latency_ms=0.5),
    )
    assert [run.index for run in record.front] == [1, 4]
    assert record.best is None
    assert [run.is_feasible for run in record.runs.values()] == [
        *(True, False, True, True),
        *(True, True, False),
    ]


def test_hypervolume_is_of_the_front_up_to_the_stated_reference() -> None:
    runs = [ended(1, accuracy=0.5, latency_ms=2), ended(2, accuracy=0.7, latency_ms=4)]
    bounds = [{**TWO[0], "reference": 0.0}, {**TWO[1], "reference": 10.0}]
    measured = record_of({"objectives": bounds}, *runs).measure_front()
    assert measured is not None
    assert measured.reference == (0.0, 10.0)
    assert measured.volumes == pytest.approx([0.5 * 8, 0.5 * 8 + 0.2 * 6])
    worst = record_of({"objectives": TWO}, *runs).measure_front()
    assert worst is not None
    assert worst.reference == (0.5, 4)


def test_best_run_is_one_that_meets_where() -> None:
    record = SweepRecord(goal="max", aims=aims_of({"where": ["memory_gb <= 24"]}))
    for index, (value, memory) in enumerate([(0.5, 3.0), (0.9, 30.0), (0.7, 20.0)], start=1):
        events = ended(index, memory_gb=memory)
        for event in [*events[:-1], {**events[-1], "best_value": value}]:
            record.apply(event)
    assert record.best is record.runs[3]
