"""Samplers with several objectives and with constraints on outcomes, against Optuna's own."""

from collections.abc import Sequence
from typing import Any

import optuna
import pytest
from spaces import space_of

from ml_tracking_ops.orchestrator.search.samplers import Combination
from ml_tracking_ops.orchestrator.search.samplers.learning import LearningSampler
from ml_tracking_ops.orchestrator.store.histories.history import HistoryEvent, RunEnded, RunSampled
from ml_tracking_ops.orchestrator.store.outcomes.aims import aims_of

optuna.logging.set_verbosity(optuna.logging.WARNING)
PLANE = space_of(
    {"x": {"type": "uniform", "min": 0, "max": 1}, "y": {"type": "uniform", "min": 0, "max": 1}}
)
AIMS = aims_of(
    {
        "objectives": [{"metric": "a", "goal": "max"}, {"metric": "b", "goal": "min"}],
        "where": ["c <= 0.5"],
    }
)
N_RUNS = 40


def results(x: float, y: float) -> tuple[float, float, float]:
    """The values of both objectives, and by how much the constraint is missed."""
    return x * (1 - y), x**2 + y**2, x + y - 1.5


def ended(number: int, combination: Combination) -> RunEnded:
    *values, violation = results(float(str(combination["x"])), float(str(combination["y"])))
    return RunEnded(number, "finished", None, None, tuple(values), (violation,))


def sampler_for(name: str, settings: Any = None) -> LearningSampler:
    return LearningSampler(PLANE, 1, name, "min", (), settings, AIMS)


def follow(sampler: LearningSampler, n_workers: int = 1) -> list[HistoryEvent]:
    """The history of a sweep whose runs end in the order in which they began."""
    history: list[HistoryEvent] = []
    going: list[tuple[int, Combination]] = []
    for number in range(1, N_RUNS + 1):
        if len(going) == n_workers:
            history.append(ended(*going.pop(0)))
        n_known = sum(isinstance(event, RunEnded) for event in history)
        combination = sampler.combination(number, tuple(history))
        assert combination is not None
        going.append((number, combination))
        history.append(RunSampled(number, combination, number, n_known=n_known))
    return history


def combinations(history: Sequence[HistoryEvent]) -> list[Combination]:
    return [event.hyperparameters for event in history if isinstance(event, RunSampled)]


@pytest.mark.parametrize(
    ("name", "sampler"),
    [
        ("tpe", optuna.samplers.TPESampler(seed=1)),
        ("nsga2", optuna.samplers.NSGAIISampler(seed=1)),
    ],
)
def test_combinations_are_those_of_optuna(name: str, sampler: Any) -> None:
    study = optuna.create_study(sampler=sampler, directions=["maximize", "minimize"])
    for _ in range(N_RUNS):
        trial = study.ask()
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        *values, violation = results(x, y)
        trial.set_constraint("0", violation)
        study.tell(trial, values)
    assert combinations(follow(sampler_for(name))) == [trial.params for trial in study.trials]


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_resumed_sampler_proposes_what_it_would_have(name: str) -> None:
    settings = {"population_size": 6} if name == "nsga2" else None
    history = follow(sampler_for(name, settings), n_workers=4)
    for position in (10, 41, len(history)):
        seen = history[:position]
        number = len(combinations(seen)) + 1
        resumed = sampler_for(name, settings).combination(number, seen)
        rest = combinations(history)[number - 1 : number]
        if rest and isinstance(history[position], RunSampled):
            assert resumed == rest[0]
        assert resumed is not None


def test_genetic_algorithm_runs_no_child_that_is_like_an_earlier_run() -> None:
    found = combinations(follow(sampler_for("nsga2", {"population_size": 6})))
    assert len({tuple(one.values()) for one in found}) == N_RUNS


def test_run_without_every_value_is_not_a_result_and_stops_nothing() -> None:
    sampler = sampler_for("nsga2", {"population_size": 4})
    history: list[HistoryEvent] = []
    for number in range(1, 13):
        combination = sampler.combination(number, tuple(history))
        assert combination is not None
        history.append(RunSampled(number, combination, number, n_known=number - 1))
        states = [
            RunEnded(number, "failed", None),
            RunEnded(number, "finished", None, None, None, None),
        ]
        history.append(states[number % 2] if number % 3 else ended(number, combination))
    assert sampler.trouble is None


def test_tpe_learns_the_constraint_of_one_metric() -> None:
    aims = aims_of({"where": ["c <= 0.5"]})
    sampler = LearningSampler(PLANE, 1, "tpe", "max", (), None, aims)
    history: list[HistoryEvent] = []
    for number in range(1, N_RUNS + 1):
        combination = sampler.combination(number, tuple(history))
        assert combination is not None
        x = float(str(combination["x"]))
        history.append(RunSampled(number, combination, number, n_known=number - 1))
        history.append(RunEnded(number, "finished", x, None, None, (x - 0.5,)))
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1), direction="maximize")
    for _ in range(N_RUNS):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        trial.suggest_float("y", 0, 1)
        trial.set_constraint("0", x - 0.5)
        study.tell(trial, x)
    assert combinations(history) == [trial.params for trial in study.trials]
