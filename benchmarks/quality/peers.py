"""Other tools with the same clock: Optuna and Syne Tune, each with its own sampler and rule."""

import importlib.util
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .simulation import Contender
from .tasks import Combination, Space, Task, holds


class OptunaPeer(Contender):
    """An Optuna sampler with one of its pruners, as its documentation uses them."""

    def __init__(self, task: Task, rule: str, seed: int, sampler: str) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        samplers, pruners = optuna.samplers, optuna.pruners
        pruner: Any = {
            "none": pruners.NopPruner(),
            "asha": pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
            "hyperband": pruners.HyperbandPruner(max_resource=task.n_levels),
            "median": pruners.MedianPruner(),
        }[rule]
        kinds = {"tpe": samplers.TPESampler, "random": samplers.RandomSampler}
        self._space = task.space
        self._study = optuna.create_study(
            direction="maximize", sampler=kinds[sampler](seed=seed), pruner=pruner
        )
        self._trials: dict[int, Any] = {}
        self._pruned = optuna.trial.TrialState.PRUNED

    def suggest(self, index: int) -> Combination:
        trial = self._trials[index] = self._study.ask()
        found: Combination = {}
        for name, kind in self._space.items():
            if holds(kind.get("when"), found):
                found[name] = _suggest(trial, name, kind)
        return found

    def report(self, index: int, level: int, value: float) -> bool:
        trial = self._trials[index]
        trial.report(value, level)
        if not trial.should_prune():
            return True
        self._study.tell(trial, state=self._pruned)
        return False

    def complete(self, index: int, level: int, value: float) -> None:
        self._trials[index].report(value, level)
        self._study.tell(self._trials[index], value)


def _suggest(trial: Any, name: str, kind: Any) -> Any:
    match kind["type"]:
        case "choice":
            return trial.suggest_categorical(name, kind["candidates"])
        case "int" | "logint":
            is_log = kind["type"] == "logint"
            return trial.suggest_int(name, kind["min"], kind["max"], log=is_log)
    is_log = kind["type"] == "loguniform"
    return trial.suggest_float(name, kind["min"], kind["max"], log=is_log)


class SynePeer(Contender):
    """A scheduler of Syne Tune. It knows no conditions, so values that do not apply are ignored."""

    def __init__(self, task: Task, rule: str, seed: int, name: str) -> None:
        from syne_tune.optimizer import baselines

        if rule != "asha":
            raise ValueError("these schedulers of Syne Tune's have asha built in")
        kind = {"bohb": baselines.BOHB, "cqr": baselines.ASHACQR, "random": baselines.ASHA}[name]
        self._space = task.space
        self._scheduler = kind(
            _as_syne(task.space),
            metric="accuracy",
            time_attr="level",
            max_t=task.n_levels,
            do_minimize=False,
            random_seed=seed,
        )
        self._trials: dict[int, Any] = {}

    def suggest(self, index: int) -> Combination:
        from syne_tune.backend.trial_status import Trial

        config = self._scheduler.suggest().config
        trial = self._trials[index] = Trial(index, config, datetime(2026, 1, 1))
        self._scheduler.on_trial_add(trial)
        found: Combination = {}
        for name, kind in self._space.items():
            if holds(kind.get("when"), found):
                found[name] = config[name]
        return found

    def report(self, index: int, level: int, value: float) -> bool:
        result = {"accuracy": value, "level": level}
        return str(self._scheduler.on_trial_result(self._trials[index], result)) == "CONTINUE"

    def complete(self, index: int, level: int, value: float) -> None:
        result = {"accuracy": value, "level": level}
        self._scheduler.on_trial_complete(self._trials[index], result)


def _as_syne(space: Space) -> dict[str, Any]:
    from syne_tune import config_space

    kinds: dict[str, Callable[..., Any]] = {
        "uniform": config_space.uniform,
        "loguniform": config_space.loguniform,
        "int": config_space.randint,
        "logint": config_space.lograndint,
    }
    return {
        name: config_space.choice(kind["candidates"])
        if kind["type"] == "choice"
        else kinds[kind["type"]](kind["min"], kind["max"])
        for name, kind in space.items()
    }


Open = Callable[[Task, str, int], Any]
PEERS: dict[str, Open] = {}
if importlib.util.find_spec("optuna") is not None:
    PEERS["optuna-random"] = lambda task, rule, seed: OptunaPeer(task, rule, seed, "random")
    PEERS["optuna-tpe"] = lambda task, rule, seed: OptunaPeer(task, rule, seed, "tpe")
if importlib.util.find_spec("syne_tune") is not None:
    PEERS["syne-random"] = lambda task, rule, seed: SynePeer(task, rule, seed, "random")
    PEERS["syne-bohb"] = lambda task, rule, seed: SynePeer(task, rule, seed, "bohb")
    PEERS["syne-cqr"] = lambda task, rule, seed: SynePeer(task, rule, seed, "cqr")
