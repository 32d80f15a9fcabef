"""Asynchronous successive halving that pauses runs: Algorithm 2 of Li et al. 2018."""

import math
from random import Random

import pytest

from ml_tracking_ops.orchestrator.stopping import StoppingRules
from ml_tracking_ops.orchestrator.stopping.promotion import PauseDecision, PromotionAsha


def get_job(
    rungs: dict[int, dict[int, float]], promoted: dict[int, set[int]], factor: int
) -> tuple[int, int] | None:
    """The procedure `get_job` of the paper, word for word, or None if it would sample."""
    for rung in sorted(rungs, reverse=True):
        best_first = sorted(rungs[rung], key=lambda run: (rungs[rung][run], run))
        candidates = best_first[: len(rungs[rung]) // factor]
        promotable = [run for run in candidates if run not in promoted.setdefault(rung, set())]
        if promotable:
            return promotable[0], rung
    return None


@pytest.mark.parametrize("seed", range(20))
def test_runs_are_promoted_as_by_algorithm_2(seed: int) -> None:
    """One worker: whatever it does next is what the paper's procedure says."""
    random = Random(seed)
    last = 27
    losses: dict[int, float] = {}
    rule = PromotionAsha("loss", "min", max_resource=last)
    rungs: dict[int, dict[int, float]] = {}
    promoted: dict[int, set[int]] = {}
    at: dict[int, int] = {}
    run, step = 0, 0
    for _ in range(200):
        expected = get_job(rungs, promoted, 3)
        if expected is not None:
            promoted[expected[1]].add(expected[0])
        if step == 0 or step == last:  # the worker is free
            found = rule.promote()
            assert found == expected
        else:
            assert expected == (run, step)  # the rule let it continue
            found = expected
        if found is None:
            run = len(losses) + 1
            losses[run] = random.random()
            target = 1
        else:
            run = found[0]
            target = found[1] * 3
        decision = rule.observe(run, target, losses[run] / target)
        at[run] = step = target
        if target < last:
            rungs.setdefault(target, {})[run] = losses[run] / target
        if decision is not None:
            assert isinstance(decision, PauseDecision)
            step = 0
    assert max(at.values()) == last


def test_run_is_judged_once_at_a_rung_however_often_it_starts() -> None:
    rule = PromotionAsha("loss", "min", max_resource=9)
    rules = StoppingRules([rule])
    told: list[tuple[int, int, bool]] = []
    rule.on_reached = lambda run, rung, value, *, continues: told.append((run, rung, continues))
    assert isinstance(rules.update(1, "loss", [1], [0.5]), PauseDecision)
    rules.forget(1)
    assert rules.update(1, "loss", [1, 2], [0.5, 0.4]) is None
    assert told == [(1, 1, False)]


def test_best_of_three_continues_without_a_pause() -> None:
    rule = PromotionAsha("loss", "min", max_resource=9)
    assert rule.observe(1, 1, 0.5) is not None
    assert rule.observe(2, 1, 0.4) is not None
    assert rule.observe(3, 1, 0.3) is None
    assert rule.promote() is None


def test_pause_says_what_was_compared() -> None:
    rule = PromotionAsha("acc", "max", max_resource=9, reduction_factor=2)
    rule.observe(1, 1, 0.9)
    decision = rule.observe(2, 1, 0.4)
    assert decision is not None
    assert decision.reason == (
        "paused at step 1: acc 0.4 is not among the best 1/2 of 2 runs at step 1 (the cut is 0.9)"
    )
    assert rule.promote() == (1, 1)


def test_run_that_cannot_continue_yet_waits_for_its_turn() -> None:
    rule = PromotionAsha("loss", "min", reduction_factor=2)
    rule.is_paused = lambda run: False
    rule.observe(1, 1, 0.1)
    rule.observe(2, 1, 0.5)
    assert rule.promote() is None
    rule.is_paused = lambda run: True
    assert rule.promote() == (1, 1)


def test_nan_is_never_promoted() -> None:
    rule = PromotionAsha("loss", "min", reduction_factor=2)
    rule.observe(1, 1, math.nan)
    rule.observe(2, 1, math.nan)
    assert rule.promote() is None
