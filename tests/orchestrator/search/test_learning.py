"""Samplers that learn, against Optuna's own on the same functions."""

import importlib.util
import math
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import optuna
import pytest
from spaces import space_of

from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.search.samplers import Combination
from ml_tracking_ops.orchestrator.search.samplers import registry as opening
from ml_tracking_ops.orchestrator.search.samplers.learning import LearningSampler
from ml_tracking_ops.orchestrator.search.samplers.optuna_study import parameters_of
from ml_tracking_ops.orchestrator.search.space import combination_key
from ml_tracking_ops.orchestrator.store.histories.history import (
    HistoryEvent,
    RunEnded,
    RunSampled,
    RunState,
    WarmStartRun,
)

optuna.logging.set_verbosity(optuna.logging.WARNING)
PLANE = space_of(
    {
        "x": {"type": "uniform", "min": -5, "max": 10},
        "y": {"type": "uniform", "min": 0, "max": 15},
    }
)
EVERYTHING = space_of(
    {
        "rate": {"type": "loguniform", "min": 1e-5, "max": 0.1},
        "rounded": {"type": "loguniform", "min": 1, "max": 100, "step": 5},
        "dropout": {"type": "uniform", "min": 0, "max": 0.5, "step": 0.1},
        "width": {"type": "logint", "min": 1, "max": 512},
        "depth": {"type": "int", "min": 1, "max": 8, "step": 2},
        "noise": {"type": "normal", "mu": 0, "sigma": 1},
        "scale": {"type": "lognormal", "mu": 0, "sigma": 1},
        "steps": {"type": "quniform", "min": 1, "max": 10, "step": 4},
        "units": {"type": "qloguniform", "min": 0.1, "max": 100, "step": 8},
        "share": {"type": "beta", "a": 2, "b": 0.5},
        "part": {"type": "beta", "a": 2, "b": 3, "step": 0.25},
        "optimizer": {"type": "choice", "candidates": ["sgd", "adam", None, [1, 2]]},
        "size": {"type": "choice", "candidates": [16, 32, 64], "ordered": True},
        "momentum": {"type": "uniform", "min": 0, "max": 1, "when": {"optimizer": "sgd"}},
        "fixed": {"type": "constant", "value": "a"},
        "same": {"type": "tied", "to": "width"},
    },
    ["depth * size <= 256"],
)


def branin(x: float, y: float) -> float:
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def follow(
    sampler: LearningSampler,
    n_runs: int,
    objective: Callable[[Combination], tuple[RunState, float | None]],
    n_workers: int = 1,
) -> list[HistoryEvent]:
    """The history of a sweep whose runs end in the order in which they began."""
    history: list[HistoryEvent] = []
    going: list[tuple[int, Combination]] = []
    for number in range(1, n_runs + 1):
        n_known = sum(isinstance(event, RunEnded) for event in history)
        combination = sampler.combination(number, tuple(history))
        if combination is None:
            break
        going.append((number, combination))
        if len(going) == n_workers:
            # this one ends while the next is being asked for
            ended, tried = going.pop(0)
            history.append(RunEnded(ended, *objective(tried)))
        history.append(RunSampled(number, combination, number, n_known=n_known))
    return history


def on_the_plane(combination: Combination) -> tuple[RunState, float | None]:
    return "finished", branin(**{k: float(str(v)) for k, v in combination.items()})


def combinations(history: list[HistoryEvent]) -> list[Combination]:
    return [event.hyperparameters for event in history if isinstance(event, RunSampled)]


def one_by_one(sampler: LearningSampler, n_runs: int) -> list[Combination]:
    history: list[HistoryEvent] = []
    for number in range(1, n_runs + 1):
        combination = sampler.combination(number, history)
        assert combination is not None
        history.append(RunSampled(number, combination, number, n_known=number - 1))
        history.append(RunEnded(number, *on_the_plane(combination)))
    return combinations(history)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "sampler"),
    [("tpe", optuna.samplers.TPESampler), ("cma_es", optuna.samplers.CmaEsSampler)],
)
def test_combinations_are_those_of_optuna(name: str, sampler: Any, seed: int) -> None:
    study = optuna.create_study(sampler=sampler(seed=seed))
    study.optimize(
        lambda trial: branin(trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)),
        n_trials=40,
    )
    ours = one_by_one(LearningSampler(PLANE, seed, name, "min"), 40)
    assert ours == [trial.params for trial in study.trials]


def by_value(combination: Combination) -> tuple[RunState, float | None]:
    """Every kind of end."""
    width = int(str(combination["width"]))
    if width % 5 == 0:
        return "failed", None
    if width % 7 == 0:
        return "killed", 0.3
    return ("early_stopped" if width % 2 else "finished"), 1.0 / width


@pytest.mark.parametrize("name", ["tpe", "cma_es"])
@pytest.mark.parametrize("n_workers", [1, 4])
def test_resumed_sweep_continues_as_if_nothing_had_happened(name: str, n_workers: int) -> None:
    history = follow(LearningSampler(EVERYTHING, 3, name, "max"), 40, by_value, n_workers)
    wanted = combinations(history)
    for stop in (1, 11, 25, 39):
        event = next(e for e in history if isinstance(e, RunSampled) and e.index == stop + 1)
        assert event.n_known is not None
        before: list[HistoryEvent] = []
        for other in history[: history.index(event)]:
            n_ends = sum(isinstance(e, RunEnded) for e in before)
            if not (isinstance(other, RunEnded) and n_ends == event.n_known):
                before.append(other)
        again = LearningSampler(EVERYTHING, 3, name, "max")
        assert again.combination(stop + 1, before) == wanted[stop]


@pytest.mark.parametrize("name", ["tpe", "cma_es"])
def test_every_kind_of_hyperparameter_is_learned(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = follow(LearningSampler(EVERYTHING, 0, name, "max"), 40, by_value, 2)
    for combination in combinations(history):
        assert EVERYTHING.allows(combination)
        assert combination["same"] == combination["width"]
        assert ("momentum" in combination) == (combination["optimizer"] == "sgd")
        for name in set(combination) - {"fixed", "same"}:
            assert EVERYTHING.hyperparameters[name].holds(combination[name]), name


def test_resume_with_another_sampler_version_keeps_earlier_runs() -> None:
    """A history that Optuna would not make again is taken as it is."""
    history = follow(LearningSampler(PLANE, 0, "tpe", "min"), 15, on_the_plane)
    found = LearningSampler(PLANE, 1, "tpe", "min").combination(16, history)
    assert found is not None
    assert found not in combinations(history)


@pytest.mark.parametrize("name", ["tpe", "cma_es"])
def test_discrete_space_is_searched_whole_and_nothing_twice(name: str) -> None:
    space = space_of(
        {
            "a": {"type": "int", "min": 1, "max": 5},
            "b": {"type": "choice", "candidates": ["x", "y", "z"]},
        },
        ["not (a == 1 and b == 'x')"],
    )
    sampler = LearningSampler(space, 0, name, "max", taken=[{"a": 2, "b": "x"}])
    history = follow(sampler, 50, lambda c: ("finished", float(str(c["a"]))), 3)
    keys = [combination_key(combination) for combination in combinations(history)]
    assert len(keys) == len(set(keys)) == 13
    assert sampler.why_exhausted == "every combination of the search space has been run: 14"


def test_runs_that_continue_are_taken_into_account() -> None:
    """With twenty results and many pending runs at one place, the next one is elsewhere."""
    known = follow(LearningSampler(PLANE, 0, "tpe", "min"), 20, on_the_plane)
    spread = []
    for n_pending in (0, 15):
        sampler = LearningSampler(PLANE, 0, "tpe", "min")
        best = {"x": math.pi, "y": 2.275}
        pending = [RunSampled(100 + i, best, 100 + i) for i in range(n_pending)]
        distances = []
        history: list[HistoryEvent] = [*known, *pending]
        for number in range(21, 31):
            found = sampler.combination(number, history)
            assert found is not None
            distances.append(math.dist(best.values(), [float(str(v)) for v in found.values()]))
        spread.append(sum(distances))
    assert spread[0] != spread[1]


def test_failed_runs_keep_the_sampler_away() -> None:
    """Half of the plane fails: after a while runs go to the other half."""

    def objective(combination: Combination) -> tuple[RunState, float | None]:
        if float(str(combination["x"])) < 2.5:
            return "failed", None
        return on_the_plane(combination)

    for name in ("tpe", "cma_es"):
        later: list[bool] = []
        for seed in range(4):
            history = follow(LearningSampler(PLANE, seed, name, "min"), 60, objective)
            failed = [event.state == "failed" for event in history if isinstance(event, RunEnded)]
            later += failed[20:]
        assert sum(later) < 0.25 * len(later), name


def test_stopped_runs_inform_the_sampler() -> None:
    def stopped(combination: Combination) -> tuple[RunState, float | None]:
        return "early_stopped", on_the_plane(combination)[1]

    finished = follow(LearningSampler(PLANE, 0, "tpe", "min"), 30, on_the_plane)
    assert combinations(follow(LearningSampler(PLANE, 0, "tpe", "min"), 30, stopped)) == (
        combinations(finished)
    )


@pytest.mark.parametrize("name", ["tpe", "cma_es"])
def test_runs_that_a_comparing_rule_stopped_are_no_results(name: str) -> None:
    at_once = LearningSampler(PLANE, 0, name, "min")
    misleading = LearningSampler(PLANE, 0, name, "min")
    history: list[HistoryEvent] = []
    altered: list[HistoryEvent] = []
    for number in range(1, 41):
        combination = at_once.combination(number, history)
        assert combination is not None
        assert misleading.combination(number, altered) == combination
        sampled = RunSampled(number, combination, number, n_known=number - 1)
        value = on_the_plane(combination)[1]
        is_stopped = number % 2 == 0
        end = RunEnded(number, "early_stopped" if is_stopped else "finished", value, "asha")
        history += [sampled, end if is_stopped else replace(end, stopped_by=None)]
        altered += [sampled, replace(end, value=-1e9) if is_stopped else history[-1]]


def test_run_that_patience_stopped_is_a_result() -> None:
    def after(rule: str | None) -> list[Combination]:
        sampler = LearningSampler(PLANE, 0, "tpe", "min")
        history: list[HistoryEvent] = []
        for number in range(1, 31):
            combination = sampler.combination(number, history)
            assert combination is not None
            history.append(RunSampled(number, combination, number, n_known=number - 1))
            state: RunState = "early_stopped" if rule else "finished"
            history.append(RunEnded(number, state, on_the_plane(combination)[1], rule))
        return combinations(history)

    assert after("patience") == after(None)
    assert after("median") != after(None)


def test_stopped_run_of_an_earlier_sweep_is_no_result() -> None:
    combination: Combination = {"x": 0.0, "y": 0.0}
    events: list[HistoryEvent] = [
        WarmStartRun(combination, "early_stopped", -1e9, rule) for rule in ("asha", "patience")
    ]
    sampler = LearningSampler(PLANE, 0, "tpe", "min")
    assert sampler.combination(1, events) is not None
    finished = [trial.value for trial in sampler._study.trials if trial.state.is_finished()]
    assert finished == [-1e9]


def test_failing_sampler_is_replaced_by_random_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise FloatingPointError("singular matrix")

    history = follow(LearningSampler(PLANE, 0, "tpe", "min"), 15, on_the_plane)
    sampler = LearningSampler(PLANE, 0, "tpe", "min")
    assert sampler.combination(16, history) is not None
    assert sampler.trouble is None
    with monkeypatch.context() as broken:
        broken.setattr(optuna.samplers.TPESampler, "sample_relative", fail)
        found = sampler.combination(17, history)
    assert found is not None
    assert sampler.trouble == (
        "the sampler tpe failed (FloatingPointError: singular matrix): a run is drawn at random"
    )
    assert sampler.combination(18, history) not in (None, found)


def test_sampler_learns_from_an_earlier_sweep() -> None:
    known: list[HistoryEvent] = [
        WarmStartRun(combination, *on_the_plane(combination))
        for combination in one_by_one(LearningSampler(PLANE, 5, "tpe", "min"), 60)
    ]
    found = LearningSampler(PLANE, 1, "tpe", "min").combination(1, known)
    assert found is not None
    assert on_the_plane(found)[1] < 20  # type: ignore[operator]


def test_combination_survives_conversion_to_optuna_and_back() -> None:
    history = follow(LearningSampler(EVERYTHING, 2, "tpe", "max"), 20, by_value)
    for combination in combinations(history):
        parameters, distributions = parameters_of(EVERYTHING, combination)
        assert parameters.keys() == distributions.keys()
        for name, distribution in distributions.items():
            assert distribution._contains(distribution.to_internal_repr(parameters[name])), name


def test_gp_gives_optunas_combinations_or_says_what_it_needs() -> None:
    """With torch if it is installed. The tests do not install it only for this."""
    if importlib.util.find_spec("torch") is None:
        with pytest.raises(UsageError, match="the sampler gp needs PyTorch"):
            opening.check_sampler("gp")
        return
    assert opening.check_sampler("gp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=0))
        study.optimize(
            lambda trial: branin(trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)),
            n_trials=14,
        )
        ours = one_by_one(LearningSampler(PLANE, 0, "gp", "min"), 14)
    assert ours == [trial.params for trial in study.trials]


def test_gp_without_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match="the sampler gp needs PyTorch") as caught:
        opening.check_sampler("gp")
    assert "https://pytorch.org" in str(caught.value)


def test_sampler_learns_twice_from_a_run_that_ended_twice_also_after_a_resume() -> None:
    """Run again by hand, or after an interruption: both ends are true."""
    sampler = LearningSampler(PLANE, 3, "tpe", "min")
    history = follow(sampler, 12, on_the_plane)
    history += [
        RunEnded(2, "killed", None),
        RunEnded(3, "finished", -50.0),
        RunEnded(3, "failed", None),
    ]
    following = sampler.combination(13, tuple(history))
    assert following == LearningSampler(PLANE, 3, "tpe", "min").combination(13, tuple(history))
    values = [trial.value for trial in sampler._study.get_trials() if trial.value is not None]
    assert (len(values), min(values)) == (13, -50.0)
