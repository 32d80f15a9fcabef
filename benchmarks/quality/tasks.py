"""Surrogates of real trainings: the accuracy of a combination at each level of the budget.

The surrogates are those of YAHPO Gym (Pfisterer et al. 2022, arXiv:2109.03670), read with
onnxruntime: `lcbench` (networks, 52 epochs) and `rbv2_xgboost` (27 sizes of the training set, each
of which costs as much as an epoch here, as if training continued on more data).
"""

import functools
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np

Combination = dict[str, Any]
Space = Mapping[str, Mapping[str, Any]]
_N_REFERENCE = 2_000
_TREES = {"when": {"booster": ["gbtree", "dart"]}}
_DART = {"when": {"booster": "dart"}}


def _log(low: float, high: float, **rest: Any) -> dict[str, Any]:
    return {"type": "loguniform", "min": low, "max": high, **rest}


def _uniform(low: float, high: float, **rest: Any) -> dict[str, Any]:
    return {"type": "uniform", "min": low, "max": high, **rest}


class Scenario(NamedTuple):
    """A family of tasks with one search space.

    `numbers` and `choices` are the model's inputs in its own order, the level among them.
    """

    space: Space
    n_levels: int
    numbers: tuple[str, ...]
    choices: tuple[str, ...]
    task_key: str
    column: int
    factor: float
    time_column: int


SCENARIOS = {
    "lcbench": Scenario(
        {
            "batch_size": {"type": "logint", "min": 16, "max": 512},
            "learning_rate": _log(1e-4, 0.1),
            "momentum": _uniform(0.1, 0.99),
            "weight_decay": _uniform(1e-5, 0.1),
            "num_layers": {"type": "int", "min": 1, "max": 5},
            "max_units": {"type": "logint", "min": 64, "max": 1024},
            "max_dropout": _uniform(0.0, 1.0),
        },
        52,
        (
            "level",
            "batch_size",
            "learning_rate",
            "momentum",
            "weight_decay",
            "num_layers",
            "max_units",
            "max_dropout",
        ),
        (),
        "OpenML_task_id",
        1,
        1.0,
        0,
    ),
    "rbv2_xgboost": Scenario(
        {
            "booster": {"type": "choice", "candidates": ["gblinear", "gbtree", "dart"]},
            "num.impute.selected.cpo": {
                "type": "choice",
                "candidates": ["impute.mean", "impute.median", "impute.hist"],
            },
            "nrounds": {"type": "logint", "min": 7, "max": 2981},
            "alpha": _log(0.00092, 1096.0),
            "lambda": _log(0.00092, 1096.0),
            "subsample": _uniform(0.1, 1.0),
            "eta": _log(0.00092, 1.0, **_TREES),
            "gamma": _log(4.6e-5, 7.38, **_TREES),
            "max_depth": {"type": "int", "min": 1, "max": 15, **_TREES},
            "min_child_weight": _log(2.72, 148.4, **_TREES),
            "colsample_bytree": _uniform(0.01, 1.0, **_TREES),
            "colsample_bylevel": _uniform(0.01, 1.0, **_TREES),
            "rate_drop": _uniform(0.0, 1.0, **_DART),
            "skip_drop": _uniform(0.0, 1.0, **_DART),
        },
        27,
        (
            "nrounds",
            "eta",
            "gamma",
            "lambda",
            "alpha",
            "subsample",
            "max_depth",
            "min_child_weight",
            "colsample_bytree",
            "colsample_bylevel",
            "rate_drop",
            "skip_drop",
            "level",
            "repl",
        ),
        ("booster", "num.impute.selected.cpo"),
        "task_id",
        0,
        100.0,
        6,
    ),
}


class Task:
    """One data set of a scenario, with a name such as `lcbench/3945`.

    Args:
        scales: a file that keeps what is the same in every run of the benchmark.
    """

    def __init__(self, folder: Path, name: str, scales: Path | None = None) -> None:
        family, _, number = name.partition("/")
        self.name, self.scenario = name, SCENARIOS[family]
        self._model, self._codes = _open(folder / family)
        self._code = self._codes[self.scenario.task_key][number]
        self._scales = scales

    @property
    def space(self) -> Space:
        return self.scenario.space

    @property
    def n_levels(self) -> int:
        return self.scenario.n_levels

    def curve(
        self, combination: Combination, first: int = 1, last: int | None = None
    ) -> Sequence[float]:
        """Return the validation accuracy in per cent at the levels from `first` to `last`."""
        outputs = self._outputs(combination, first, last or self.n_levels)
        return [float(value) * self.scenario.factor for value in outputs[:, self.scenario.column]]

    def error_and_time(self, combination: Combination) -> tuple[float, float]:
        """Validation error in per cent and training time in seconds, of a whole run."""
        ((*outputs,),) = self._outputs(combination, self.n_levels, self.n_levels)
        error = 100.0 - float(outputs[self.scenario.column]) * self.scenario.factor
        return error, float(outputs[self.scenario.time_column])

    def _outputs(self, combination: Combination, first: int, last: int) -> Any:
        """Everything that the surrogate predicts, a row for each level."""
        levels = np.arange(first, last + 1, dtype=np.float32)
        # a size is a share of the data
        fidelity = levels if self.scenario.column == 1 else levels / self.n_levels
        columns = [
            fidelity if name == "level" else np.full(len(levels), self._number(combination, name))
            for name in self.scenario.numbers
        ]
        codes = [self._code, *(self._codes[n][combination[n]] for n in self.scenario.choices)]
        return self._model.run(
            None,
            {
                "x_cat": np.tile(np.array(codes, np.int32), (len(levels), 1)),
                "x_cont": np.stack(columns, axis=1).astype(np.float32),
            },
        )[0]

    @staticmethod
    def _number(combination: Combination, name: str) -> float:
        return 10.0 if name == "repl" else float(combination.get(name, 0.0))

    def counts(self, combination: Combination) -> bool:
        """Whether a combination may be the result."""
        return True

    @functools.cached_property
    def scale(self) -> tuple[float, float]:
        """The best and the median of random combinations."""
        if self._scales is None:
            return self._measured_scale()
        known = json.loads(self._scales.read_text()) if self._scales.exists() else {}
        if self.name not in known:
            known[self.name] = self._measured_scale()
            self._scales.write_text(json.dumps(known))
        best, median = known[self.name]
        return best, median

    def _measured_scale(self) -> tuple[float, float]:
        best = [
            max(self.curve(draw(self.space, Random(f"{self.name}/{number}"))))
            for number in range(_N_REFERENCE)
        ]
        return max(best), statistics.median(best)


class FastTask(Task):
    """A task with a constraint: a whole run takes as long as the fastest third of random ones.

    It is named `fast-lcbench/3945`. What violates the constraint is no result.
    """

    where = "seconds <= 0"

    def __init__(self, folder: Path, name: str, scales: Path | None = None) -> None:
        super().__init__(folder, name.removeprefix("fast-"), scales)
        self.name = name
        drawn = [
            draw(self.space, Random(f"{self.name}/{number}")) for number in range(_N_REFERENCE)
        ]
        seconds = sorted(self._seconds(one, self.n_levels) for one in drawn)
        self._most_s = seconds[len(drawn) // 3]
        self._drawn = [one for one in drawn if self.counts(one)]

    def counts(self, combination: Combination) -> bool:
        return self.violation(combination, self.n_levels) <= 0

    def violation(self, combination: Combination, level: int) -> float:
        """By how many seconds a run that ends at this level takes too long, 0 or less if not."""
        return self._seconds(combination, level) - self._most_s

    def _seconds(self, combination: Combination, level: int) -> float:
        return float(self._outputs(combination, level, level)[0][self.scenario.time_column])

    def _measured_scale(self) -> tuple[float, float]:
        best = [max(self.curve(one)) for one in self._drawn]
        return max(best), statistics.median(best)


@functools.cache
def _open(folder: Path) -> tuple[Any, dict[str, dict[str, int]]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = onnxruntime.InferenceSession(folder / "model.onnx", options)
    return model, json.loads((folder / "encoding.json").read_text())


def draw(space: Space, random: Random) -> Combination:
    """A random combination."""
    found: Combination = {}
    for name, kind in space.items():
        value = _draw_one(kind, random)
        if holds(kind.get("when"), found):
            found[name] = value
    return found


def holds(when: Mapping[str, Any] | None, combination: Combination) -> bool:
    """Whether the condition of a hyperparameter is met."""
    for name, wanted in (when or {}).items():
        if combination[name] not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True


def _draw_one(kind: Mapping[str, Any], random: Random) -> Any:
    match kind["type"]:
        case "choice":
            return random.choice(kind["candidates"])
        case "uniform":
            return random.uniform(kind["min"], kind["max"])
        case "int":
            return random.randint(kind["min"], kind["max"])
    value = math.exp(random.uniform(math.log(kind["min"]), math.log(kind["max"])))
    return round(value) if kind["type"] == "logint" else value
