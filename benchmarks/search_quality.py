"""Samplers and stopping rules together, on a public surrogate benchmark, with equal epochs trained.

The tasks are networks on OpenML data sets (`lcbench` of YAHPO Gym, Pfisterer et al. 2022,
arXiv:2109.03670), read from a folder with `onnxruntime` (`pip install onnxruntime`): 7
hyperparameters, 52 epochs. Virtual workers train them, an epoch takes one unit of time, and a sweep
ends when its budget of epochs is spent. Our own samplers and rules decide.

    python benchmarks/search_quality.py ../shared/yahpo --tasks 3945 7593 --seeds 20 --workers 4

Prints the regrets of each task and seed, then for each pair of sampler and rule the mean regret
with its standard error, and the mean of the paired differences to the first pair with theirs.
Regret is the distance to the best of 2,000 random combinations, 1 being that between the best and
the median one; it is below 0 where a better one was found. `--stopped` says what samplers are
told of runs that a comparing rule stopped: `ours` what the product tells them, `best` their best
value so far as a result, `worst` that they are worse than all results.
"""

import argparse
import functools
import heapq
import itertools
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.search.samplers.registry import check_sampler, open_sampler
from ml_tracking_ops.orchestrator.search.space import Combination, Space
from ml_tracking_ops.orchestrator.stopping import StoppingRules
from ml_tracking_ops.orchestrator.store.histories.history import Ended, HistoryEvent, Sampled

EPOCHS = 52
METRIC = "accuracy"
INPUTS = (
    "batch_size",
    "learning_rate",
    "momentum",
    "weight_decay",
    "num_layers",
    "max_units",
    "max_dropout",
)
HYPERPARAMETERS = {
    "batch_size": {"type": "logint", "min": 16, "max": 512},
    "learning_rate": {"type": "loguniform", "min": 1e-4, "max": 0.1},
    "momentum": {"type": "uniform", "min": 0.1, "max": 0.99},
    "weight_decay": {"type": "uniform", "min": 1e-5, "max": 0.1},
    "num_layers": {"type": "int", "min": 1, "max": 5},
    "max_units": {"type": "logint", "min": 64, "max": 1024},
    "max_dropout": {"type": "uniform", "min": 0.0, "max": 1.0},
}
RULES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "asha": [{"rule": "asha", "max_resource": EPOCHS}],
    "median": [{"rule": "median"}],
    "hyperband": [{"rule": "hyperband", "max_resource": EPOCHS}],
}
STOPPED = ("ours", "best", "worst")


class Task:
    """One data set: the accuracy of a combination after each epoch."""

    def __init__(self, folder: Path, name: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._model = onnxruntime.InferenceSession(folder / "lcbench/model.onnx", options)
        encoding = json.loads((folder / "lcbench/encoding.json").read_text())
        self._code = encoding["OpenML_task_id"][name]
        self.name = name

    def curve(self, combination: Combination) -> Sequence[float]:
        """Validation accuracy in per cent, `(52,)`."""
        rest = [float(str(combination[key])) for key in INPUTS]
        numbers = np.array([[epoch, *rest] for epoch in range(1, EPOCHS + 1)], np.float32)
        codes = np.full((EPOCHS, 1), self._code, np.int32)
        (values,) = self._model.run(None, {"x_cat": codes, "x_cont": numbers})
        return [float(value) for value in values[:, 1]]

    @functools.cached_property
    def scale(self) -> tuple[float, float]:
        """The best and the median of random combinations."""
        sampler = open_sampler("random", _space(), 99_991, "max")
        found = [sampler.combination(number) for number in range(1, 2001)]
        best = [max(self.curve(one)) for one in found if one is not None]
        return max(best), statistics.median(best)


class Setting(NamedTuple):
    """What is compared."""

    sampler: str
    rule: str
    stopped: str

    def __str__(self) -> str:
        return f"{self.sampler} {self.rule} ({self.stopped})"


def _config(sampler: str, rule: str) -> SweepConfig:
    return SweepConfig.model_validate(
        {
            "main_script_name": "-",
            "max_runs": 1,
            "early_stopping": False,
            "sampler": sampler,
            "optimization_metric": METRIC,
            "optimization_goal": "max",
            "stopping_rules": RULES[rule],
            "hyperparameters": HYPERPARAMETERS,
        }
    )


@functools.cache
def _space() -> Space:
    return Space(_config("random", "none").hyperparameters)


def run_sweep(task: Task, setting: Setting, seed: int, budget: int, workers: int) -> list[float]:
    """The regret after each epoch trained, `(budget,)`."""
    config = _config(setting.sampler, setting.rule)
    sampler = open_sampler(config.sampler, _space(), seed, "max")
    rules = StoppingRules([rule.build(METRIC, "max") for rule in config.stopping_rules])
    numbers = itertools.count(1)
    history: list[HistoryEvent] = []
    curves: dict[int, Sequence[float]] = {}
    waiting: list[tuple[int, int, int]] = []

    def start(time: int) -> None:
        index = next(numbers)
        n_known = sum(isinstance(event, Ended) for event in history)
        combination = sampler.combination(index, history)
        assert combination is not None
        history.append(Sampled(index, combination, index, n_known=n_known))
        curves[index] = task.curve(combination)
        heapq.heappush(waiting, (time + 1, index, 1))

    for _ in range(workers):
        start(0)
    best, found = -math.inf, []
    while len(found) < budget:
        time, index, epoch = heapq.heappop(waiting)
        value = curves[index][epoch - 1]
        best = max(best, value)
        found.append(best)
        decision = rules.update(index, METRIC, [epoch], [value])
        if decision is None and epoch < EPOCHS:
            heapq.heappush(waiting, (time + 1, index, epoch + 1))
            continue
        end = Ended(index, "finished", max(curves[index][:epoch]))
        if decision is None:
            rules.complete(index)
        else:
            end = _told(replace(end, state="early_stopped"), decision.rule, setting.stopped)
        history.append(end)
        start(time)
    top, middle = task.scale
    return [(top - value) / (top - middle) for value in found]


def _told(end: Ended, rule: str, stopped: str) -> Ended:
    match stopped:
        case "best":
            return end
        case "worst":
            return replace(end, state="failed", value=None)
        case _:
            return replace(end, stopped_by=rule)


def summary(name: str, values: Sequence[float]) -> str:
    """Mean and standard error."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{name} {statistics.fmean(values):.4f} ± {error:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where lcbench/ lies")
    parser.add_argument("--tasks", nargs="+", default=["3945", "7593"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--budget", type=int, default=30 * EPOCHS, help="epochs of a sweep")
    parser.add_argument("--samplers", nargs="+", default=["random", "tpe"])
    parser.add_argument("--rules", nargs="+", default=["asha"], choices=list(RULES))
    parser.add_argument("--stopped", nargs="+", default=["ours"], choices=STOPPED)
    options = parser.parse_args()
    if not (options.folder / "lcbench/model.onnx").is_file():
        parser.error(f"{options.folder} has no lcbench/model.onnx: give the folder of YAHPO's data")
    settings = [
        Setting(sampler, rule, stopped)
        for sampler in options.samplers
        for rule in options.rules
        for stopped in (options.stopped if check_sampler(sampler) else ["ours"])
    ]
    regrets: dict[Setting, list[float]] = {setting: [] for setting in settings}
    for name in options.tasks:
        task = Task(options.folder, name)
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for setting in settings:
                curve = run_sweep(task, setting, seed, options.budget, options.workers)
                regrets[setting].append(curve[-1])
            last = ", ".join(f"{setting} {values[-1]:.4f}" for setting, values in regrets.items())
            print(f"task {name}, seed {seed}: {last}", flush=True)
    print(f"{len(options.tasks)} tasks × {options.seeds} seeds, {options.workers} workers")
    for setting, values in regrets.items():
        pairs = zip(values, regrets[settings[0]], strict=True)
        print(
            summary(str(setting), values) + ",",
            summary("difference to the first", [one - first for one, first in pairs]),
        )


if __name__ == "__main__":
    main()
