import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.orchestrator.stopping import StopDecision, StoppingRules
from ml_tracking_ops.orchestrator.stopping.patience import Patience
from ml_tracking_ops.orchestrator.store.objective import BestSoFar, Goal

NAN = math.nan
values_lists = st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.integers(0, 5))


def decide(values: list[float], patience: int, goal: Goal = "max") -> StopDecision | None:
    rules = StoppingRules([Patience("Accuracy", goal, patience)])
    return rules.update(1, "Accuracy", range(len(values)), values)


@pytest.mark.parametrize(
    ("values", "patience", "goal", "stop_step"),
    [
        ([1, 2, 3, 4], 1, "max", None),
        ([1, 1], 1, "max", 1),
        ([5, 4, 3, 2], 3, "max", 3),
        ([5, 4, 3, 6, 5, 4], 3, "max", None),
        ([5, 4, 3, 6, 5, 4, 6], 3, "max", 6),
        ([5, 4, 3, 2], 1, "min", None),
        ([1, 2, 3, 4], 3, "min", 3),
        ([NAN, NAN, NAN], 3, "min", 2),
        ([NAN, 1, NAN, NAN], 2, "min", 3),
        ([math.inf, 1, 1], 1, "min", 2),
        ([-math.inf, -math.inf], 1, "max", 1),
    ],
)
def test_patience_stops_after_so_many_values_without_improvement(
    values: list[float], patience: int, goal: Goal, stop_step: int | None
) -> None:
    decision = decide(values, patience, goal)
    assert (decision.step if decision else None) == stop_step


def test_decision_names_the_compared_values() -> None:
    decision = decide([0.5, 0.912, 0.9, 0.8, 0.7, 0.6, 0.5], patience=5)
    assert decision is not None
    assert (decision.rule, decision.step, decision.value) == ("patience", 6, 0.5)
    assert decision.threshold == 0.912
    assert decision.reason == ("stopped early at step 6: no better than 0.912 for 5 values")


@given(values_lists, st.integers(1, 5), st.sampled_from(["min", "max"]), st.data())
def test_batches_do_not_change_the_decision(
    values: list[float], patience: int, goal: Goal, data: st.DataObject
) -> None:
    whole = decide(values, patience, goal)
    rules = StoppingRules([Patience("Accuracy", goal, patience)])
    start, decision = 0, None
    while start < len(values) and decision is None:
        end = data.draw(st.integers(start + 1, len(values)))
        decision = rules.update(1, "Accuracy", range(start, end), values[start:end])
        start = end
    assert repr(decision) == repr(whole)


@given(values_lists, st.sampled_from(["min", "max"]))
def test_best_is_the_first_extreme_value(values: list[float], goal: Goal) -> None:
    best = BestSoFar(goal)
    best.update(range(len(values)), values)
    numbers = [value for value in values if not math.isnan(value)]
    pick = max if goal == "max" else min
    assert best.value == pick(numbers, default=None)
    assert best.step == (values.index(best.value) if numbers else None)
    assert best.n_values == len(values)
