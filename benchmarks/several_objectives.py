"""Samplers with several objectives: the hypervolume of the front after a number of runs.

    python benchmarks/several_objectives.py --seeds 10 --runs 60 --workers 4
    python benchmarks/several_objectives.py --surrogates ../shared/yahpo lcbench/146212

Functions with known fronts: ZDT1 and ZDT2 (Zitzler, Deb and Thiele 2000) in five dimensions, and
BNH (Binh and Korn 1997), with two constraints on outcomes. `--surrogates` takes surrogates of real
trainings instead (`quality/tasks.py`): the validation error and the time that training takes. Runs
end in the order in which they begin. Prints the mean hypervolume as a share of that of the
reference point, and the paired difference to the first sampler with its standard error. Of
surrogates the volume is that of the ranges of 500 random combinations, time as its logarithm.
"""

import argparse
import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pydantic import TypeAdapter

from ml_tracking_ops.orchestrator.search.samplers.registry import open_sampler
from ml_tracking_ops.orchestrator.search.space import SearchSpace, Space
from ml_tracking_ops.orchestrator.store.histories.history import HistoryEvent, RunEnded, RunSampled
from ml_tracking_ops.orchestrator.store.outcomes.aims import aims_of
from ml_tracking_ops.orchestrator.store.outcomes.pareto import front_of, hypervolume

Values = Mapping[str, Any]
Losses = tuple[float, ...]
_SPACE: TypeAdapter[SearchSpace] = TypeAdapter(SearchSpace)
_AIMS = {"objectives": [{"metric": "a", "goal": "min"}, {"metric": "b", "goal": "min"}]}


@dataclass(frozen=True)
class Task:
    """Two losses and the violations of constraints, up to a reference point."""

    name: str
    space: Mapping[str, Any]
    measure: Callable[[Values], tuple[float, float]]
    violations: Callable[[Values], tuple[float, ...]]
    where: tuple[str, ...]
    reference: tuple[float, float]
    scaled: Callable[[Losses], Losses] = lambda losses: losses
    """What the volume is measured in."""


def _box(bounds: Mapping[str, tuple[float, float]]) -> Mapping[str, Any]:
    return {
        name: {"type": "uniform", "min": low, "max": high} for name, (low, high) in bounds.items()
    }


def _zdt(power: float) -> Callable[[Values], tuple[float, float]]:
    def measure(x: Values) -> tuple[float, float]:
        first, *rest = (x[name] for name in sorted(x))
        g = 1 + 9 * sum(rest) / len(rest)
        return first, g * (1 - (first / g) ** power)

    return measure


def _bnh(x: Values) -> tuple[float, float]:
    return 4 * x["x"] ** 2 + 4 * x["y"] ** 2, (x["x"] - 5) ** 2 + (x["y"] - 5) ** 2


def _bnh_misses(x: Values) -> tuple[float, ...]:
    near, far = (x["x"] - 5) ** 2 + x["y"] ** 2, (x["x"] - 8) ** 2 + (x["y"] + 3) ** 2
    return near - 25, 7.7 - far


_CUBE = _box({f"x{n}": (0.0, 1.0) for n in range(5)})
TASKS = (
    Task("ZDT1", _CUBE, _zdt(0.5), lambda x: (), (), (1.1, 11.0)),
    Task("ZDT2", _CUBE, _zdt(2), lambda x: (), (), (1.1, 11.0)),
    Task(
        "BNH",
        _box({"x": (0.0, 5.0), "y": (0.0, 3.0)}),
        _bnh,
        _bnh_misses,
        ("c <= 0",) * 2,
        (140, 50),
    ),
)


def surrogate(folder: Path, name: str) -> Task:
    """A surrogate of real trainings: error and time, the range of random ones being 0 to 1."""
    from quality.tasks import Task as Surrogate
    from quality.tasks import draw

    training = Surrogate(folder, name)

    def logged(losses: Losses) -> Losses:
        return losses[0], math.log(max(losses[1], 1e-3))

    drawn = [
        logged(training.error_and_time(draw(training.space, Random(f"{name}/{number}"))))
        for number in range(500)
    ]
    ranges = [(min(column), max(column)) for column in zip(*drawn, strict=True)]

    def scaled(losses: Losses) -> Losses:
        known = zip(logged(losses), ranges, strict=True)
        return tuple(max(0.0, (one - low) / (high - low)) for one, (low, high) in known)

    def measure(combination: Values) -> tuple[float, float]:
        return training.error_and_time(dict(combination))

    return Task(name, training.space, measure, lambda combination: (), (), (1.0, 1.0), scaled)


def run(task: Task, sampler: Any, seed: int, n_runs: int, n_workers: int) -> float:
    """Return the hypervolume of the front that a sampler finds."""
    space = Space(_SPACE.validate_python(task.space))
    aims = aims_of({**_AIMS, "where": list(task.where)})
    asked = open_sampler(sampler, space, seed, "min", (), aims)
    history: list[HistoryEvent] = []
    going: list[tuple[int, Values]] = []
    points: list[Losses] = []
    for number in range(1, n_runs + 1):
        if len(going) == n_workers:
            ended, tried = going.pop(0)
            history.append(_end(task, ended, tried, points))
        n_known = sum(isinstance(event, RunEnded) for event in history)
        combination = asked.combination(number, tuple(history))
        assert combination is not None
        history.append(RunSampled(number, combination, number, n_known=n_known))
        going.append((number, combination))
    for ended, tried in going:
        _end(task, ended, tried, points)
    front = [points[position] for position in front_of(points)]
    return hypervolume([task.scaled(one) for one in front], task.reference)


def _end(task: Task, number: int, tried: Values, points: list[Losses]) -> RunEnded:
    result, violations = task.measure(tried), task.violations(tried)
    if all(one <= 0 for one in violations):
        points.append(result)
    return RunEnded(number, "finished", None, None, result, violations)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--runs", type=int, nargs="+", default=[60])
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--samplers", nargs="+", default=["random", "tpe", "nsga2"])
    parser.add_argument(
        "--surrogates", nargs="+", metavar=("FOLDER", "TASK"), help="instead of the functions"
    )
    options = parser.parse_args()
    folder, *names = options.surrogates or [""]
    tasks = [surrogate(Path(folder), name) for name in names] or TASKS
    print("| function | runs | sampler | hypervolume | difference to random |")
    print("| --- | --- | --- | --- | --- |")
    for task in tasks:
        for n_runs in options.runs:
            _print_rows(task, n_runs, options)


def _print_rows(task: Task, n_runs: int, options: argparse.Namespace) -> None:
    seeds = range(options.seeds)
    whole = math.prod(task.reference)
    base: list[float] = []
    for name in options.samplers:
        found = [run(task, name, seed, n_runs, options.workers) / whole for seed in seeds]
        base = base or found
        differences = [one - other for one, other in zip(found, base, strict=True)]
        error = statistics.stdev(differences) / math.sqrt(len(differences))
        beside = "" if found is base else f"{statistics.fmean(differences):+.3f} ± {error:.3f}"
        print(f"| {task.name} | {n_runs} | `{name}` | {statistics.fmean(found):.3f} | {beside} |")


if __name__ == "__main__":
    main()
