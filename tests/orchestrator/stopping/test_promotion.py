"""Asynchronous successive halving that pauses runs: Algorithm 2 of Li et al. 2018."""

import math
from random import Random

import pytest

from ml_tracking_ops.orchestrator.stopping import StoppingRules
from ml_tracking_ops.orchestrator.stopping.promotion import PauseDecision, PromotionAsha
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


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
    """One worker, which does what the procedure of the paper says."""
    random = Random(seed)
    last = 27
    losses: dict[int, float] = {}
    rule = PromotionAsha({"loss": "min"}, max_resource=last)
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
        decision = rule.observe(run, "loss", target, losses[run] / target)
        at[run] = step = target
        if target < last:
            rungs.setdefault(target, {})[run] = losses[run] / target
        if decision is not None:
            assert isinstance(decision, PauseDecision)
            step = 0
    assert max(at.values()) == last


def test_run_is_judged_once_at_a_rung_however_often_it_starts() -> None:
    rule = PromotionAsha({"loss": "min"}, max_resource=9)
    rules = StoppingRules(rule.parts)
    message: list[tuple[int, int, bool]] = []
    rule.on_reached = lambda run, rung, values, *, continues: message.append((run, rung, continues))
    assert isinstance(rules.update(1, "loss", [1], [0.5]), PauseDecision)
    rules.forget(1)  # interrupted before it paused
    assert isinstance(rules.update(1, "loss", [1, 2], [0.5, 0.4]), PauseDecision)
    assert rule.promote_leader() == (1, 1)
    rules.forget(1)
    assert rules.update(1, "loss", [1, 2], [0.5, 0.4]) is None
    assert message == [(1, 1, False)]


def test_best_of_three_continues_without_a_pause() -> None:
    rule = PromotionAsha({"loss": "min"}, max_resource=9)
    assert rule.observe(1, "loss", 1, 0.5) is not None
    assert rule.observe(2, "loss", 1, 0.4) is not None
    assert rule.observe(3, "loss", 1, 0.3) is None
    assert rule.promote() is None


def test_pause_says_what_was_compared() -> None:
    rule = PromotionAsha({"acc": "max"}, max_resource=9, reduction_factor=2)
    rule.observe(1, "acc", 1, 0.9)
    decision = rule.observe(2, "acc", 1, 0.4)
    assert decision is not None
    assert decision.reason == (
        "paused at step 1: acc 0.4 is not among the best 1/2 of 2 runs at step 1 (the cut is 0.9)"
    )
    assert rule.promote() == (1, 1)


def test_run_that_cannot_continue_yet_waits_for_its_turn() -> None:
    rule = PromotionAsha({"loss": "min"}, reduction_factor=2)
    rule.is_paused = lambda run: False
    rule.observe(1, "loss", 1, 0.1)
    rule.observe(2, "loss", 1, 0.5)
    assert rule.promote() is None
    rule.is_paused = lambda run: True
    assert rule.promote() == (1, 1)


def test_nan_is_never_promoted() -> None:
    rule = PromotionAsha({"loss": "min"}, reduction_factor=2)
    rule.observe(1, "loss", 1, math.nan)
    rule.observe(2, "loss", 1, math.nan)
    assert rule.promote() is None


def test_runs_on_the_front_are_promoted_first() -> None:
    """With several objectives: of six runs two, far from each other on the front."""
    rule = PromotionAsha({"acc": "max", "ms": "min"}, max_resource=9)
    shown = {1: (0.9, 9.0), 2: (0.5, 6.0), 3: (0.4, 7.0), 4: (0.1, 1.0), 5: (0.2, 8.0)}
    for run, (accuracy, latency) in shown.items():
        assert rule.observe(run, "acc", 1, accuracy) is None
        rule.observe(run, "ms", 1, latency)
    assert rule.promote() == (1, 1)
    assert rule.promote() is None  # of five runs one
    rule.observe(6, "acc", 1, 0.45)
    decision = rule.observe(6, "ms", 1, 8.5)
    assert isinstance(decision, PauseDecision)
    assert rule.promote() == (4, 1)
    assert rule.promote() is None


def test_pause_with_several_objectives_says_what_was_compared() -> None:
    rule = PromotionAsha({"acc": "max", "ms": "min"}, reduction_factor=2)
    decision = None
    for run, accuracy, latency in ((1, 0.9, 1.0), (2, 0.5, 2.0)):
        rule.observe(run, "ms", 1, latency)
        decision = rule.observe(run, "acc", 1, accuracy)
    assert decision is not None
    assert decision.reason == (
        "paused at step 1: acc 0.5, ms 2 is not among the best 1/2 of 2 runs at step 1 "
        "(dominated by 1 of them)"
    )
    assert rule.promote() == (1, 1)


def test_what_a_journal_recorded_is_not_judged_again() -> None:
    rule = PromotionAsha({"acc": "max", "ms": "min"}, reduction_factor=2)
    rule.restore(1, 1, {"acc": 0.9, "ms": 1.0}, is_promoted=True)
    rule.restore(2, 1, {"ms": 2.0}, is_promoted=False)  # its accuracy was NaN
    assert rule.observe(1, "acc", 1, 0.9) is None
    assert rule.observe(1, "ms", 1, 1.0) is None
    assert rule.promote() is None
    assert rule.promote_leader() is None


def test_run_that_a_killed_orchestrator_judged_but_did_not_pause_is_paused() -> None:
    rule = PromotionAsha({"loss": "min"}, reduction_factor=2)
    judged: list[int] = []
    rule.on_reached = lambda run, rung, values, *, continues: judged.append(run)
    rule.restore(1, 1, {"loss": 0.9}, is_promoted=False)
    rule.restore(2, 1, {"loss": 0.5}, is_promoted=True)
    decision = rule.observe(1, "loss", 1, 0.9)
    assert isinstance(decision, PauseDecision)
    assert decision.reason == (
        "paused at step 1: loss 0.9 is not among the best 1/2 of 2 runs at step 1 (the cut is 0.5)"
    )
    assert rule.observe(2, "loss", 1, 0.5) is None
    assert not judged


def test_journal_from_before_several_objectives_counts() -> None:
    record = SweepRecord(goal="max")
    for run, value in ((1, 0.9), (2, 0.5), (3, None)):
        record.apply(
            {"event": "reached", "time": 1.0, "index": run, "rung": 1, "value": value}
            | {"continues": False}
        )
    rule = PromotionAsha({"acc": "max"}, reduction_factor=2)
    for (run, rung), (values, is_promoted) in record.rungs.items():
        rule.restore(run, rung, values, is_promoted=is_promoted)
    assert rule.promote() == (1, 1)
    assert rule.promote() is None
