"""Our samplers and Optuna's on functions with known optima, with equal numbers of runs.

    python benchmarks/samplers.py --seeds 20 --runs 60 --samplers random sobol tpe cma_es

Prints, for each function and sampler, the median regret (the best value found minus the optimum) of
both, their ratio, and how many seeds gave the same combinations.
"""

import argparse
import math
import statistics
import time
import warnings
from collections.abc import Callable, Mapping

import numpy as np
import optuna

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.search.samplers.registry import check_sampler, open_sampler
from ml_tracking_ops.orchestrator.search.space import Space
from ml_tracking_ops.orchestrator.store.histories.history import HistoryEvent, RunEnded, RunSampled

Point = Mapping[str, float]
Bounds = dict[str, tuple[float, float]]

_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def branin(point: Point) -> float:
    x, y = point["x"], point["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann6(point: Point) -> float:
    x = np.array([point[f"x{i}"] for i in range(6)])
    return -float(np.array([1, 1.2, 3, 3.2]) @ np.exp(-(_A * (x - _P) ** 2).sum(axis=1)))


FUNCTIONS: dict[str, tuple[Callable[[Point], float], Bounds, float]] = {
    "Branin": (branin, {"x": (-5, 10), "y": (0, 15)}, 0.397887),
    "Hartmann-6": (hartmann6, {f"x{i}": (0, 1) for i in range(6)}, -3.32237),
}
OPTUNAS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "sobol": lambda seed: optuna.samplers.QMCSampler(
        qmc_type="sobol", scramble=True, seed=seed, warn_independent_sampling=False
    ),
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed),
    "cma_es": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
}


def run_ours(
    name: str, function: Callable[[Point], float], bounds: Bounds, seed: int, runs: int
) -> list[dict[str, float]]:
    """Return the combinations that our sampler tries, with one worker."""
    config = SweepConfig.model_validate(
        {
            "main_script_name": "-",
            "max_runs": runs,
            "early_stopping": False,
            "sampler": name,
            "optimization_metric": "f",
            "optimization_goal": "min",
            "hyperparameters": {
                key: {"type": "uniform", "min": low, "max": high}
                for key, (low, high) in bounds.items()
            },
        }
    )
    sampler = open_sampler(config.sampler, Space(config.hyperparameters), seed, "min")
    history: list[HistoryEvent] = []
    tried = []
    for number in range(1, runs + 1):
        combination = sampler.combination(number, history)
        assert combination is not None
        tried.append({key: float(str(value)) for key, value in combination.items()})
        history.append(RunSampled(number, combination, number, n_known=number - 1))
        history.append(RunEnded(number, "finished", function(tried[-1])))
    return tried


def run_optunas(
    name: str, function: Callable[[Point], float], bounds: Bounds, seed: int, runs: int
) -> list[dict[str, float]]:
    """Return the combinations that Optuna's sampler tries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(sampler=OPTUNAS[name](seed))
        study.optimize(
            lambda trial: function({k: trial.suggest_float(k, *b) for k, b in bounds.items()}),
            n_trials=runs,
        )
    return [trial.params for trial in study.trials]


def compare(function_name: str, name: str, n_seeds: int, runs: int) -> str:
    """One row of the table."""
    function, bounds, optimum = FUNCTIONS[function_name]
    regrets: tuple[list[float], list[float]] = ([], [])
    seconds = [0.0, 0.0]
    same = 0
    for seed in range(n_seeds):
        tried = []
        for side, run in enumerate((run_ours, run_optunas)):
            began = time.perf_counter()
            tried.append(run(name, function, bounds, seed, runs))
            seconds[side] += time.perf_counter() - began
            regrets[side].append(min(map(function, tried[side])) - optimum)
        same += tried[0] == tried[1]
    here, there = map(statistics.median, regrets)
    cost = [1000 * s / n_seeds / runs for s in seconds]
    return (
        f"| {function_name} | {name} | {n_seeds} × {runs} | {here:.4g} | {there:.4g} | "
        f"{here / there:.2f} | {same} of {n_seeds} | {cost[0]:.1f} | {cost[1]:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--samplers", nargs="+", default=list(OPTUNAS), choices=list(OPTUNAS))
    parser.add_argument("--functions", nargs="+", default=list(FUNCTIONS), choices=list(FUNCTIONS))
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(
        "| function | sampler | seeds × runs | median regret here | Optuna's | ratio | "
        "same combinations | ms a run here | Optuna's |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in options.samplers:
        check_sampler(name)
        for function_name in options.functions:
            print(compare(function_name, name, options.seeds, options.runs), flush=True)


if __name__ == "__main__":
    main()
