"""The sampler that enlarges a Pareto front, and what it computes."""

import math
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
from spaces import space_of

from ml_tracking_ops.orchestrator.search.samplers import Combination, RandomSampler
from ml_tracking_ops.orchestrator.search.samplers.base import Sampler
from ml_tracking_ops.orchestrator.search.samplers.bayes.fronts import FrontSampler
from ml_tracking_ops.orchestrator.search.samplers.bayes.improvement import (
    boxes_beyond,
    expected_hypervolume_improvement,
)
from ml_tracking_ops.orchestrator.search.samplers.registry import open_sampler
from ml_tracking_ops.orchestrator.search.space import combination_key
from ml_tracking_ops.orchestrator.store.histories.history import (
    HistoryEvent,
    RunEnded,
    RunSampled,
    WarmStartRun,
)
from ml_tracking_ops.orchestrator.store.outcomes.aims import aims_of
from ml_tracking_ops.orchestrator.store.outcomes.pareto import Losses, hypervolume

X = {"type": "uniform", "min": 0, "max": 1}
CUBE = space_of(dict.fromkeys("abc", X))
MIXED = space_of(
    {
        "a": X,
        "kind": {"type": "choice", "candidates": ["p", "q", "r"]},
        "b": {**X, "when": {"kind": "p"}},
        "c": {"type": "int", "min": 1, "max": 9},
    }
)
TWO = aims_of({"objectives": [{"metric": "near", "goal": "min"}, {"metric": "far", "goal": "max"}]})
BOUNDED = aims_of(
    {
        "objectives": [{"metric": "near", "goal": "min"}, {"metric": "far", "goal": "max"}],
        "where": ["a <= 0.4"],
    }
)
Results = Callable[[Combination], tuple[float, ...]]


def places(combination: Combination) -> list[float]:
    return [
        float(one) if isinstance(one, int | float) else len(str(one))
        for one in combination.values()
    ]


def ends_of_a_line(combination: Combination) -> tuple[float, float]:
    """What is near one corner of the line is far from the other. Off the line both are worse."""
    found = places(combination)
    near = sum((one - 0.2) ** 2 for one in found)
    return near, -sum((one - 0.8) ** 2 for one in found)


def sweep(
    sampler: Sampler,
    n_runs: int,
    results: Results = ends_of_a_line,
    misses: Results = lambda combination: (),
    n_workers: int = 3,
) -> list[HistoryEvent]:
    """The history of a sweep whose runs end in the order in which they began."""
    history: list[HistoryEvent] = []
    going: list[tuple[int, Combination]] = []
    for number in range(1, n_runs + 1):
        if len(going) == n_workers:
            ended, tried = going.pop(0)
            history.append(RunEnded(ended, "finished", None, None, results(tried), misses(tried)))
        n_known = sum(isinstance(event, RunEnded) for event in history)
        combination = sampler.combination(number, tuple(history))
        assert combination is not None
        going.append((number, combination))
        history.append(RunSampled(number, combination, number, n_known=n_known))
    assert sampler.trouble is None
    return history


def combinations(history: Sequence[HistoryEvent]) -> list[Combination]:
    return [event.hyperparameters for event in history if isinstance(event, RunSampled)]


def volume(history: Sequence[HistoryEvent]) -> float:
    ends = [event for event in history if isinstance(event, RunEnded)]
    met = [e.result for e in ends if e.result is not None and max(e.violations or (0,)) <= 0]
    return hypervolume([(near, -far) for near, far in met], (1.0, 1.0))


def fronts(seed: int, n_objectives: int) -> list[Losses]:
    random = Random(seed)
    return [tuple(random.random() for _ in range(n_objectives)) for _ in range(8)]


@pytest.mark.parametrize("n_objectives", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_boxes_cover_the_undominated_region(seed: int, n_objectives: int) -> None:
    front, reference = fronts(seed, n_objectives), (0.9,) * n_objectives
    boxes = boxes_beyond(front, reference)
    sides = ([high - max(low, 0.0) for low, high in zip(*box, strict=True)] for box in boxes)
    inside = sum(math.prod(side) for side in sides)
    assert inside == pytest.approx(0.9**n_objectives - hypervolume(front, reference))


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_expected_improvement_is_that_of_samples(n_objectives: int) -> None:
    front, reference = fronts(7, n_objectives), (1.0,) * n_objectives
    random = np.random.default_rng(1)
    means = random.random((4, n_objectives))
    deviations = 0.05 + 0.3 * random.random((4, n_objectives))
    found = expected_hypervolume_improvement(means, deviations, boxes_beyond(front, reference))
    before = hypervolume(front, reference)
    for mean, deviation, expected in zip(means, deviations, found, strict=True):
        samples = mean + deviation * random.standard_normal((2_000, n_objectives))
        gains = [hypervolume([*front, tuple(map(float, one))], reference) for one in samples]
        error = np.std(gains) / math.sqrt(len(gains))
        assert abs(np.mean(gains) - before - expected) < 4 * error


def test_front_gets_larger_than_by_chance() -> None:
    seeds = range(5)
    learnt = [volume(sweep(FrontSampler(CUBE, seed, TWO), 40)) for seed in seeds]
    drawn = [volume(sweep(RandomSampler(CUBE, seed), 40)) for seed in seeds]
    assert all(one > other for one, other in zip(learnt, drawn, strict=True))


def test_runs_that_violate_a_constraint_become_few() -> None:
    def misses(combination: Combination) -> tuple[float, ...]:
        return (float(str(combination["a"])) - 0.4,)

    history = sweep(FrontSampler(CUBE, 1, BOUNDED), 50, misses=misses)
    violating = [misses(one)[0] > 0 for one in combinations(history)]
    assert sum(violating[10:]) < 0.35 * len(violating[10:])


def test_violation_without_a_limit_is_one_among_others() -> None:
    def misses(combination: Combination) -> tuple[float, ...]:
        x = float(str(combination["a"]))
        return (math.inf if x > 0.7 else x - 0.4,)

    found = combinations(sweep(FrontSampler(CUBE, 2, BOUNDED), 40, misses=misses))
    assert sum(float(str(one["a"])) > 0.7 for one in found[15:]) < 8


@pytest.mark.parametrize("name", ["cube", "mixed"])
def test_resumed_sampler_proposes_what_it_would_have(name: str) -> None:
    space = {"cube": CUBE, "mixed": MIXED}[name]
    history = sweep(FrontSampler(space, 5, TWO), 30)
    found = combinations(history)
    for position, event in enumerate(history):
        if isinstance(event, RunSampled) and event.index in (3, 11, 17, 30):
            again = FrontSampler(space, 5, TWO).combination(event.index, history[:position])
            assert again == found[event.index - 1]
    assert len({combination_key(one) for one in found}) == len(found)


def test_third_objective_is_known() -> None:
    aims = aims_of({"objectives": [{"metric": name, "goal": "min"} for name in "xyz"]})
    history = sweep(
        FrontSampler(CUBE, 1, aims), 20, lambda one: (*ends_of_a_line(one), sum(places(one)))
    )
    assert len(combinations(history)) == 20


def test_run_without_a_result_teaches_nothing() -> None:
    known = sweep(FrontSampler(CUBE, 1, TWO), 20)
    more: list[HistoryEvent] = []
    for number, combination in enumerate(combinations(known)[:3], 101):
        more.append(RunSampled(number, combination, number, n_known=0))
        more.append(
            [
                RunEnded(number, "failed", None),
                RunEnded(number, "finished", None, None, None),
                RunEnded(number, "early_stopped", None, "asha", (0.0, 9.0)),
            ][number % 3]
        )
    assert FrontSampler(CUBE, 1, TWO).combination(30, [*known, *more]) == FrontSampler(
        CUBE, 1, TWO
    ).combination(30, known)


def test_runs_of_an_earlier_sweep_count() -> None:
    earlier: list[HistoryEvent] = [
        WarmStartRun(one, "finished", None, None, ends_of_a_line(one))
        for one in combinations(sweep(FrontSampler(CUBE, 3, TWO), 15))
    ]
    proposed = FrontSampler(CUBE, 9, TWO).combination(2, earlier)
    drawn = RandomSampler(CUBE, 9).combination(2)
    assert proposed is not None
    assert proposed != drawn


def test_bayes_uses_the_front_sampler_for_several_objectives() -> None:
    assert isinstance(open_sampler("bayes", CUBE, 1, "min", (), TWO), FrontSampler)
