"""The sampler that learns from runs of every length."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from spaces import space_of

from ml_tracking_ops.orchestrator.search.samplers import Combination, RandomSampler
from ml_tracking_ops.orchestrator.search.samplers.bayes.curves import CurveSampler
from ml_tracking_ops.orchestrator.search.samplers.random import draw_combination
from ml_tracking_ops.orchestrator.search.samplers.registry import open_sampler
from ml_tracking_ops.orchestrator.search.space import Space, combination_key
from ml_tracking_ops.orchestrator.stopping.halving import Asha
from ml_tracking_ops.orchestrator.store.histories.history import (
    HistoryEvent,
    RunEnded,
    RunSampled,
    WarmStartRun,
)

X = {"type": "uniform", "min": 0, "max": 1}
CUBE = space_of(dict.fromkeys("abc", X))
PLAIN = space_of({"x": X})
EVERYTHING = space_of(
    {
        "rate": {"type": "loguniform", "min": 1e-5, "max": 0.1},
        "width": {"type": "logint", "min": 1, "max": 512},
        "depth": {"type": "int", "min": 1, "max": 8, "step": 2},
        "noise": {"type": "normal", "mu": 0, "sigma": 1},
        "scale": {"type": "lognormal", "mu": 0, "sigma": 1},
        "share": {"type": "beta", "a": 2, "b": 0.5},
        "optimizer": {"type": "choice", "candidates": ["sgd", "adam", None, [1, 2]]},
        "size": {"type": "choice", "candidates": [16, 32, 64], "ordered": True},
        "momentum": {**X, "when": {"optimizer": "sgd"}},
        "fixed": {"type": "constant", "value": "a"},
        "same": {"type": "tied", "to": "width"},
    },
    ["depth * size <= 256"],
)
LEVELS = (1, 3, 9)
Value = Callable[[Combination, int], float]


def bowl(combination: Combination, level: int) -> float:
    """Best at 0.7 everywhere. Short runs have more noise."""
    miss = sum((float(str(one)) - 0.7) ** 2 for one in combination.values())
    return -miss - 1.0 / level


def sweep(sampler: Any, n_runs: int, value: Value = bowl, n_workers: int = 4) -> list[HistoryEvent]:
    """The history of a sweep under `asha`. The oldest run ends next."""
    rule = Asha("value", "max", max_resource=LEVELS[-1])
    history: list[HistoryEvent] = []
    going: list[tuple[int, Combination]] = []

    def end(number: int, tried: Combination) -> RunEnded:
        curve: list[tuple[int, float]] = []
        for level in LEVELS:
            curve.append((level, value(tried, level)))
            if level < LEVELS[-1] and rule.observe(number, level, curve[-1][1]):
                return RunEnded(number, "early_stopped", curve[-1][1], "asha", curve=tuple(curve))
        return RunEnded(number, "finished", curve[-1][1], curve=tuple(curve))

    for number in range(1, n_runs + 1):
        if len(going) == n_workers:
            history.append(end(*going.pop(0)))
        n_known = sum(isinstance(event, RunEnded) for event in history)
        combination = sampler.combination(number, tuple(history))
        if combination is None:
            break
        going.append((number, combination))
        history.append(RunSampled(number, combination, number, n_known=n_known))
    return history


def combinations(history: Sequence[HistoryEvent]) -> list[Combination]:
    return [event.hyperparameters for event in history if isinstance(event, RunSampled)]


def best(history: Sequence[HistoryEvent]) -> float:
    return max(event.value or -9.0 for event in history if isinstance(event, RunEnded))


def test_learns_from_stopped_runs() -> None:
    """All that finds the optimum: hardly a run is whole."""
    seeds = range(5)
    learnt = [best(sweep(CurveSampler(CUBE, seed, "max"), 80)) for seed in seeds]
    drawn = [best(sweep(RandomSampler(CUBE, seed), 80)) for seed in seeds]
    whole = -1.0 / LEVELS[-1]
    assert sum(whole - one for one in learnt) < 0.5 * sum(whole - one for one in drawn)


def test_smaller_is_better_if_that_is_the_goal() -> None:
    up = sweep(CurveSampler(CUBE, 1, "max"), 25)
    flipped = [
        RunEnded(e.index, e.state, -(e.value or 0.0), e.stopped_by, curve=_minus(e.curve))
        if isinstance(e, RunEnded)
        else e
        for e in up
    ]
    assert CurveSampler(CUBE, 1, "min").combination(26, flipped) == CurveSampler(
        CUBE, 1, "max"
    ).combination(26, up)


def _minus(curve: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    return tuple((level, -value) for level, value in curve)


@pytest.mark.parametrize("space", [CUBE, EVERYTHING], ids=["cube", "everything"])
def test_resumed_sampler_proposes_what_it_would_have(space: Space) -> None:
    def value(combination: Combination, level: int) -> float:
        return float(len(json.dumps(combination))) - 10.0 / level

    history = sweep(CurveSampler(space, 5, "max"), 40, value)
    found = combinations(history)
    for position, event in enumerate(history):
        if isinstance(event, RunSampled) and event.index in (3, 11, 17, 29, 40):
            again = CurveSampler(space, 5, "max").combination(event.index, history[:position])
            assert again == found[event.index - 1]
    assert all(space.allows(one) for one in found)
    assert len({combination_key(one) for one in found}) == len(found)


def test_neighbour_is_no_copy_even_if_most_hyperparameters_are_whole_numbers() -> None:
    space = space_of(
        {"x": X, **{name: {"type": "int", "min": 1, "max": 3} for name in ("a", "b", "c")}}
    )
    found = combinations(
        sweep(
            CurveSampler(space, 1, "max"),
            80,
            lambda one, level: float(str(one["a"])) + float(str(one["b"])) - 1 / level,
        )
    )
    assert len({combination_key(one) for one in found}) == 80


def test_small_space_is_run_once_each() -> None:
    space = space_of(
        {
            "a": {"type": "choice", "candidates": ["p", "q", "r"]},
            "b": {"type": "int", "min": 1, "max": 8},
        }
    )
    sampler = CurveSampler(space, 1, "max")
    found = combinations(sweep(sampler, 30, lambda one, level: float(str(one["b"])) * level))
    assert len(found) == 24
    assert len({combination_key(one) for one in found}) == 24
    assert "every combination" in sampler.why_exhausted


def test_failed_runs_are_avoided() -> None:
    """All beyond the middle fail, and those just before it are the best."""
    from_model: list[float] = []
    for seed in range(4):
        sampler = CurveSampler(PLAIN, seed, "max")
        history: list[HistoryEvent] = []
        for number in range(1, 41):
            combination = sampler.combination(number, tuple(history))
            assert combination is not None
            x = float(str(combination["x"]))
            history.append(RunSampled(number, combination, number, n_known=number - 1))
            whole = RunEnded(number, "finished", x, curve=((1, x / 2), (9, x)))
            history.append(whole if x < 0.5 else RunEnded(number, "failed", None))
            if number > 20 and combination != draw_combination(PLAIN, seed, f"{number}+0"):
                from_model.append(x)
    assert len(from_model) > 15
    assert sum(x < 0.5 for x in from_model) > 0.8 * len(from_model)


def test_lost_run_counts_as_running_and_one_run_again_has_its_later_result() -> None:
    start = sweep(CurveSampler(CUBE, 2, "max"), 20)
    ended = {event.index for event in start if isinstance(event, RunEnded)}
    open_run = next(e.index for e in start if isinstance(e, RunSampled) and e.index not in ended)
    plain = CurveSampler(CUBE, 2, "max").combination(21, start)
    lost = CurveSampler(CUBE, 2, "max").combination(21, [*start, RunEnded(open_run, "lost", None)])
    assert lost == plain
    whole = RunEnded(1, "finished", 0.5, curve=((1, 0.1), (9, 0.5)))
    once = CurveSampler(CUBE, 2, "max").combination(21, [*start, whole])
    twice = CurveSampler(CUBE, 2, "max").combination(
        21, [*start, RunEnded(1, "failed", None), whole]
    )
    assert once is not None
    assert twice is not None


def test_sampler_learns_from_whole_runs_of_earlier_sweeps() -> None:
    """With them there is no start by chance."""
    known = [
        WarmStartRun(one, "finished", bowl(one, LEVELS[-1]))
        for one in (RandomSampler(CUBE, 9).combination(n) for n in range(1, 40))
        if one is not None
    ]
    stopped = WarmStartRun({"a": 0.1, "b": 0.1, "c": 0.1}, "early_stopped", 99.0, "asha")
    found = [
        CurveSampler(CUBE, 4, "max").combination(number, [*known, stopped])
        for number in range(1, 13)
    ]
    near = [one for one in found if one is not None and bowl(one, LEVELS[-1]) > -0.25]
    assert len(near) >= 6


def test_fewer_are_drawn_by_chance_if_no_rule_stops_them() -> None:
    drawn = []
    for rules in ((), ("asha",)):
        sampler = open_sampler("bayes", PLAIN, 1, "max", rules=rules)
        found = combinations(sweep(sampler, 60))
        chance = (draw_combination(PLAIN, 1, f"{number}+0") for number in range(1, 61))
        drawn.append(sum(one == other for one, other in zip(found, chance, strict=True)))
    assert drawn[0] < 25 < drawn[1]


def test_run_that_misses_a_constraint_counts_as_the_worst() -> None:
    history = sweep(CurveSampler(CUBE, 2, "max"), 30)
    met, missed = (
        [
            replace(event, violations=(violation,)) if isinstance(event, RunEnded) else event
            for event in history
        ]
        for violation in (-1.0, 1.0)
    )
    number = next(n for n in range(31, 60) if not _is_by_chance(n))
    free = CurveSampler(CUBE, 2, "max").combination(number, history)
    assert CurveSampler(CUBE, 2, "max").combination(number, met) == free
    assert CurveSampler(CUBE, 2, "max").combination(number, missed) != free


def _is_by_chance(number: int) -> bool:
    return Random(f"2/{number}/model").random() < 2 / 3


def test_bayes_needs_neither_optuna_nor_pytorch() -> None:
    code = (
        "import sys\n"
        "for name in ('optuna', 'torch', 'scipy'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from ml_tracking_ops.orchestrator.search.distributions import Uniform\n"
        "from ml_tracking_ops.orchestrator.search.sampler_settings import sampler_named\n"
        "from ml_tracking_ops.orchestrator.search.samplers import registry\n"
        "from ml_tracking_ops.orchestrator.search.space import Space\n"
        "space = Space({'x': Uniform(type='uniform', min=0, max=1)})\n"
        "bayes = sampler_named('bayes')\n"
        "assert registry.check_settings(bayes, space, 1, Path())\n"
        "print(registry.open_sampler(bayes, space, 1, 'max').combination(1))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "'x'" in done.stdout


def test_constraint_on_outcomes_is_learnt() -> None:
    """The best of all violates it: what is best besides is found, and few runs violate it."""

    def misses(combination: Combination) -> float:
        return float(str(combination["a"])) - 0.5

    def run(sampler: Any) -> tuple[float, int]:
        history: list[HistoryEvent] = []
        values: list[float] = []
        for number in range(1, 41):
            tried = sampler.combination(number, tuple(history))
            history.append(RunSampled(number, tried, number, n_known=number - 1))
            missed = misses(tried)
            history.append(RunEnded(number, "finished", bowl(tried, 9), None, None, (missed,)))
            values.append(bowl(tried, 9) if missed <= 0 else -9.0)
        return max(values), values[10:].count(-9.0)

    for seed in range(3):
        learnt, n_violating = run(CurveSampler(CUBE, seed, "max", has_rule=False))
        drawn, _ = run(RandomSampler(CUBE, seed))
        assert learnt > drawn
        assert n_violating < 12


def test_sampler_with_a_constraint_proposes_the_same_after_a_resume() -> None:
    def with_misses(history: Sequence[HistoryEvent]) -> list[HistoryEvent]:
        return [
            replace(e, violations=((e.value or 0.0) + 0.3,)) if isinstance(e, RunEnded) else e
            for e in history
        ]

    history = with_misses(sweep(CurveSampler(CUBE, 5, "max"), 60))
    whole = CurveSampler(CUBE, 5, "max")
    for position, event in enumerate(history):
        if isinstance(event, RunSampled):
            found = whole.combination(event.index, history[:position])
            if event.index in (12, 23, 37, 58):
                again = CurveSampler(CUBE, 5, "max").combination(event.index, history[:position])
                assert again == found
