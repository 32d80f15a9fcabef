"""Successive halving by non-domination: MO-ASHA of Schmucker et al. 2021 in its stopping form."""

import math
from collections.abc import Sequence
from random import Random

import pytest

from ml_tracking_ops.orchestrator.stopping import StopDecision, StoppingRules
from ml_tracking_ops.orchestrator.stopping.halving import Asha
from ml_tracking_ops.orchestrator.stopping.non_domination import (
    NonDominationAsha,
    best_points,
    epsilon_net,
)
from ml_tracking_ops.orchestrator.store.outcomes.pareto import dominates


def rules(**settings: int) -> StoppingRules:
    return StoppingRules(NonDominationAsha({"accuracy": "max", "latency": "min"}, **settings).parts)


def show(
    asked: StoppingRules, run: int, accuracy: float, latency: float, step: int = 1
) -> StopDecision | None:
    first = asked.update(run, "accuracy", [step], [accuracy])
    return asked.update(run, "latency", [step], [latency]) or first


def ranks(points: Sequence[tuple[float, ...]]) -> list[int]:
    """Which front each point is on, by the definition."""
    found: dict[int, int] = {}
    rank = 0
    while len(found) < len(points):
        left = [place for place in range(len(points)) if place not in found]
        for place in left:
            if not any(dominates(points[other], points[place]) for other in left):
                found[place] = rank
        rank += 1
    return [found[place] for place in range(len(points))]


@pytest.mark.parametrize("seed", range(10))
def test_best_points_are_of_the_first_fronts(seed: int) -> None:
    random = Random(seed)
    points = [(random.random(), random.random(), random.random()) for _ in range(40)]
    by_rank = ranks(points)
    for count in (1, 5, 13, 40):
        found = best_points(points, count)
        assert len(set(found)) == count
        left_out = [by_rank[place] for place in range(40) if place not in found]
        assert max(by_rank[place] for place in found) <= min(left_out, default=math.inf)


def test_epsilon_net_takes_the_point_that_is_furthest_from_those_before() -> None:
    points = [(0.0, 100.0), (0.1, 90.0), (0.5, 50.0), (1.0, 0.0), (0.52, 48.0)]
    assert epsilon_net(points) == [0, 3, 2, 1, 4]


def test_dominated_run_is_stopped_with_the_number_of_better_runs() -> None:
    asked = rules()
    assert show(asked, 1, 0.9, 1.0) is None
    decision = show(asked, 2, 0.5, 2.0)
    assert decision is not None
    assert decision.rule == "asha"
    assert decision.reason == (
        "stopped early at step 1: accuracy 0.5, latency 2 is not among the best 1/3 of 2 runs at "
        "step 1 (dominated by 1 of them)"
    )


def test_runs_that_are_good_in_different_objectives_both_continue() -> None:
    asked = rules()
    for run in range(1, 5):
        show(asked, run, 0.1 * run, 10.0 - run)  # each dominates those before
    assert show(asked, 5, 0.99, 100.0) is None  # of five runs one continues
    assert show(asked, 6, 0.05, 0.1) is None  # of six two do, far from each other
    assert show(asked, 7, 0.5, 6.5) is not None  # on the front, between the two
    by_one = StoppingRules([Asha("accuracy", "max")])
    for run in range(1, 6):
        by_one.update(run, "accuracy", [1], [0.1 * run])
    assert by_one.update(6, "accuracy", [1], [0.05]) is not None


def test_run_is_judged_once_it_has_every_objective_at_the_rung() -> None:
    asked = rules(min_resource=2)
    assert show(asked, 1, 0.9, 1.0, step=2) is None
    assert asked.update(2, "accuracy", [1, 2, 3], [0.1, 0.1, 0.9]) is None
    assert asked.update(2, "latency", [1], [9.0]) is None
    decision = asked.update(2, "latency", [3], [9.0])
    assert decision is not None
    assert "accuracy 0.1, latency 9" in decision.reason


def test_nan_never_continues_and_is_never_compared() -> None:
    asked = rules()
    assert show(asked, 1, math.nan, 1.0) is not None
    assert show(asked, 2, 0.1, 9.0) is None


def test_run_that_starts_again_is_judged_again() -> None:
    asked = rules()
    assert show(asked, 1, 0.9, 1.0) is None
    asked.forget(1)
    assert show(asked, 2, 0.1, 9.0) is None
    assert show(asked, 1, 0.9, 1.0) is None
    assert show(asked, 3, 0.2, 8.0) is not None


def test_rungs_of_a_run_are_all_judged_however_its_values_come() -> None:
    asked = rules(max_resource=9)
    for run in (1, 2, 3):
        asked.update(run, "accuracy", [1, 3, 9], [0.1 * run] * 3)
        asked.update(run, "latency", [1, 3, 9], [9.0 - run] * 3)
    assert asked.update(4, "accuracy", [3], [0.01]) is None
    decision = asked.update(4, "latency", [3], [99.0])
    assert decision is not None
    assert "4 runs at step 1" in decision.reason
