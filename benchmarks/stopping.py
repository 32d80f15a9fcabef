"""Time to a given accuracy in real trainings of the same combinations, with asha and without.

Trains the demo's small network on scikit-learn's handwritten digits. For each seed the same
combinations are swept twice, in the same order: each to its end, and with asha. Prints the seconds
and the epochs of all runs until a validation accuracy was first reached, and until the end. Epochs
do not depend on other programs on the machine.

    python benchmarks/stopping.py --seeds 5 --runs 27 --workers 2
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import demo, run_sweep
from ml_tracking_ops.orchestrator.running.sweep_result import SweepResult

METRIC = "accuracy/validation"
TARGETS = (0.95, 0.96, 0.97)
EPOCHS = 27
ASHA = {
    "rule": "asha",
    "min_resource": 1,
    "reduction_factor": 3,
    "max_resource": EPOCHS,
    "resource": "values",
}
SPACE = {
    "learning_rate": {"type": "loguniform", "min": 1e-4, "max": 1.0},
    "hidden_units": {"type": "choice", "candidates": [4, 8, 16, 32, 64]},
    "batch_size": {"type": "choice", "candidates": [16, 32, 64, 128]},
    "momentum": {"type": "uniform", "min": 0.0, "max": 0.95},
    "epochs": {"type": "choice", "candidates": [EPOCHS]},
}


class Cost(NamedTuple):
    seconds: float
    epochs: int


class Measured(NamedTuple):
    """One sweep: its best value, its cost, and its cost until each target (None if not reached)."""

    best: float
    total: Cost
    until: dict[float, Cost | None]


def sweep(
    folder: Path, rules: list[dict[str, Any]], seed: int, runs: int, workers: int
) -> Measured:
    config = {
        "main_script_name": str(Path(demo.__file__).with_name("train_digits.py")),
        "hyperparameters": SPACE,
        "max_runs": runs,
        "early_stopping": False,
        "optimization_metric": METRIC,
        "optimization_goal": "max",
        "stopping_rules": rules,
    }
    return measure(run_sweep(config, logdir=folder, workers=workers, seed=seed))


def measure(result: SweepResult) -> Measured:
    series = [
        log[METRIC]
        for run in result.runs
        if METRIC in (log := read_log(result.folder / f"{run.name}.dat"))
    ]
    times = np.concatenate([one.wall_time for one in series])
    values = np.concatenate([one.value for one in series])[np.argsort(times)]
    times = np.sort(times) - (result.record.started_at or 0.0)
    seconds = (result.record.ended_at or 0.0) - (result.record.started_at or 0.0)
    until: dict[float, Cost | None] = {}
    for target in TARGETS:
        reached = np.flatnonzero(values >= target)
        first = int(reached[0]) if len(reached) else None
        until[target] = None if first is None else Cost(float(times[first]), first + 1)
    return Measured(float(values.max()), Cost(seconds, len(values)), until)


def ratio(without: Cost | None, with_rule: Cost | None) -> tuple[float, float] | None:
    if without is None or with_rule is None:
        return None
    return without.seconds / with_rule.seconds, without.epochs / with_rule.epochs


def shown(cost: Cost | None) -> str:
    return "never".center(17) if cost is None else f"{cost.seconds:6.1f} s {cost.epochs:5d} ep"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--runs", type=int, default=27)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    ratios: dict[str, list[tuple[float, float]]] = {}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            none = sweep(Path(folder), [], seed, options.runs, options.workers)
            asha = sweep(Path(folder), [ASHA], seed, options.runs, options.workers)
        print(f"seed {seed}: best {none.best:.4f} without, {asha.best:.4f} with asha")
        rows = [(f"{target:.2f}", none.until[target], asha.until[target]) for target in TARGETS]
        for name, without, with_rule in [*rows, ("end", none.total, asha.total)]:
            found = ratio(without, with_rule)
            text = "" if found is None else f"{found[0]:5.2f}x seconds {found[1]:5.2f}x epochs"
            print(f"  {name:>5}  {shown(without)}  {shown(with_rule)}  {text}", flush=True)
            if found is not None:
                ratios.setdefault(name, []).append(found)
    for name, found_all in ratios.items():
        seconds, epochs = (statistics.median(column) for column in zip(*found_all, strict=True))
        print(
            f"median to {name} over {len(found_all)} seeds: {seconds:.2f}x seconds, "
            f"{epochs:.2f}x epochs"
        )


if __name__ == "__main__":
    main()
