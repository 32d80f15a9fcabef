"""Our samplers with our rules, and several ways in which TPE can learn from stopped runs."""

from collections.abc import Callable
from random import Random
from typing import Any

import optuna

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.search.samplers.optuna_study import (
    named_sampler,
    open_study,
    suggest_value,
)
from ml_tracking_ops.orchestrator.search.samplers.registry import open_sampler
from ml_tracking_ops.orchestrator.search.space import Space
from ml_tracking_ops.orchestrator.stopping import StoppingRules
from ml_tracking_ops.orchestrator.stopping.milestones import CurveOfBest, milestones_of
from ml_tracking_ops.orchestrator.stopping.promotion import PauseDecision, promotion_of
from ml_tracking_ops.orchestrator.store.histories.history import HistoryEvent, RunEnded, RunSampled
from ml_tracking_ops.orchestrator.store.outcomes.aims import aims_of
from ml_tracking_ops.orchestrator.store.run_states import RunState

from .simulation import Contender
from .tasks import Combination, FastTask, Task

METRIC = "accuracy"


def rules_of(task: Task, rule: str) -> list[dict[str, Any]]:
    """Return the `stopping_rules` of a configuration."""
    match rule:
        case "none":
            return []
        case "median":
            return [{"rule": "median"}]
        case "wandb_hyperband":
            return [{"rule": "wandb_hyperband", "min_iter": 1}]
        case "asha-resume":
            return [{"rule": "asha", "resume": True, "max_resource": task.n_levels}]
    return [{"rule": rule, "max_resource": task.n_levels}]


def _config(task: Task, sampler: Any, rule: str) -> SweepConfig:
    return SweepConfig.model_validate(
        {
            "main_script_name": "-",
            "max_runs": 1,
            "early_stopping": False,
            "sampler": sampler,
            "optimization_metric": METRIC,
            "optimization_goal": "max",
            "stopping_rules": rules_of(task, rule),
            "hyperparameters": task.space,
        }
    )


class _Ruled(Contender):
    """A contender whose runs our rules stop."""

    def __init__(self, task: Task, sampler: Any, rule: str) -> None:
        self.config = _config(task, sampler, rule)
        self.space = Space(self.config.hyperparameters)
        self.rules = StoppingRules([r.build(METRIC, "max") for r in self.config.stopping_rules])
        self._best: dict[int, float] = {}
        self._curves: dict[int, CurveOfBest] = {}
        self._paused: set[int] = set()
        self._promoting = promotion_of(self.rules.rules)
        if self._promoting is not None:
            self._promoting.is_paused = self._paused.__contains__

    def promoted(self) -> int | None:
        found = None if self._promoting is None else self._promoting.promote()
        if found is None:
            return None
        self._paused.remove(found[0])
        self.rules.forget(found[0])  # another attempt at it begins
        return found[0]

    def report(self, index: int, level: int, value: float) -> bool:
        self._see(index, level, value)
        decision = self.rules.update(index, METRIC, [level], [value])
        if isinstance(decision, PauseDecision):
            self._paused.add(index)
        if decision is not None:
            self.ended(index, level, decision.rule)
        return decision is None

    def complete(self, index: int, level: int, value: float) -> None:
        self._see(index, level, value)
        self.rules.update(index, METRIC, [level], [value])
        self.rules.complete(index)
        self.ended(index, level, None)

    def _see(self, index: int, level: int, value: float) -> None:
        self._best[index] = max(value, self._best.get(index, value))
        if (milestones := milestones_of(self.config.stopping_rules)) is not None:
            curve = self._curves.setdefault(index, CurveOfBest("max", milestones))
            curve.update([level], [value])
        self.seen(index, level, value)

    def seen(self, index: int, level: int, value: float) -> None:
        """Take in a value of a run."""

    def ended(self, index: int, level: int, rule: str | None) -> None:
        """Take in that a run has ended."""


class Ours(_Ruled):
    """The product as it is."""

    def __init__(self, task: Task, sampler: Any, rule: str, seed: int) -> None:
        super().__init__(task, sampler, rule)
        rules = self.config.search_plan.rules
        better = self.config.search_plan.better_sampler
        settings = self.config.sampler if better is None else better[1]
        self._limits = task if isinstance(task, FastTask) else None
        where = [] if self._limits is None else [self._limits.where]
        self._sampler = open_sampler(
            settings, self.space, seed, "max", aims=aims_of({"where": where}), rules=rules
        )
        self._combinations: dict[int, Combination] = {}
        self._history: list[HistoryEvent] = []
        self._n_known = 0

    def suggest(self, index: int) -> Combination:
        combination = self._sampler.combination(index, self._history)
        assert combination is not None
        self._combinations[index] = combination
        self._history.append(RunSampled(index, combination, index, n_known=self._n_known))
        return combination

    def ended(self, index: int, level: int, rule: str | None) -> None:
        is_paused = index in self._paused
        state: RunState = "paused" if is_paused else "early_stopped" if rule else "finished"
        curve = self._curves.get(index)
        points = () if curve is None else tuple(curve.points())
        missed: tuple[float, ...] = ()
        if self._limits is not None:
            missed = (self._limits.violation(self._combinations[index], level),)
        best = self._best[index]
        self._history.append(RunEnded(index, state, best, rule, violations=missed, curve=points))
        self._n_known += 1


class Counted(Ours):
    """Stopped runs count with the best value that they had reached."""

    def ended(self, index: int, level: int, rule: str | None) -> None:
        super().ended(index, level, None)


class _Trials(_Ruled):
    """Optuna's TPE with other results."""

    def __init__(self, task: Task, rule: str, seed: int, settings: dict[str, Any]) -> None:
        super().__init__(task, "random", rule)
        self._n_levels = task.n_levels
        self._seed, self._settings = seed, settings
        self._combinations: dict[int, Combination] = {}
        self._params: dict[int, tuple[dict[str, Any], Any]] = {}

    def _study(self, number: int = 0) -> optuna.Study:
        sampler = named_sampler("tpe", self._seed + 1000 * number, self._settings)
        return open_study(sampler, ["max"])

    def _ask(self, study: optuna.Study, index: int) -> optuna.Trial:
        trial = study.ask()
        self._combinations[index] = self.space.build(lambda n, d: suggest_value(trial, n, d))
        frozen = study.get_trials(deepcopy=False)[trial.number]
        self._params[index] = dict(frozen.params), dict(frozen.distributions)
        return trial


class Ranked(_Trials):
    """Stopped runs are pruned trials. Optuna ranks them after the others, later stops first."""

    def __init__(self, task: Task, rule: str, seed: int, settings: dict[str, Any]) -> None:
        super().__init__(task, rule, seed, settings)
        self._one = self._study()
        self._trials: dict[int, optuna.Trial] = {}

    def suggest(self, index: int) -> Combination:
        self._trials[index] = self._ask(self._one, index)
        return self._combinations[index]

    def seen(self, index: int, level: int, value: float) -> None:
        self._trials[index].report(value, level)

    def ended(self, index: int, level: int, rule: str | None) -> None:
        state = optuna.trial.TrialState.PRUNED if rule else optuna.trial.TrialState.COMPLETE
        value = None if rule else self._best[index]
        self._one.tell(self._trials.pop(index), value, state)


class PerRung(_Trials):
    """A model for each rung. The highest with enough results proposes.

    Falkner, Klein and Hutter, "BOHB", 2018, section 4. `share` is how often it draws at random.
    """

    def __init__(
        self,
        task: Task,
        rule: str,
        seed: int,
        settings: dict[str, Any],
        *,
        least: int = 10,
        share: float = 0.0,
        n_rungs: int = 99,
    ) -> None:
        super().__init__(task, rule, seed, settings)
        rungs = [3**k for k in range(9) if 3**k < task.n_levels]
        self._rungs = {level: number for number, level in enumerate([*rungs, task.n_levels])}
        first = max(len(self._rungs) - n_rungs, 0)
        self._rungs = {level: n for level, n in self._rungs.items() if n >= first}
        self._studies = {n: self._study(n) for n in self._rungs.values()}
        self._counts = dict.fromkeys(self._studies, 0)
        self._least, self._share, self._random = least, share, Random(f"{seed}/share")

    def suggest(self, index: int) -> Combination:
        enough = [n for n, count in self._counts.items() if count >= self._least]
        study = self._studies[max(enough, default=min(self._studies))]
        if self._random.random() < self._share:
            study = self._study(index)  # an empty one draws at random
        trial = self._ask(study, index)
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return self._combinations[index]

    def seen(self, index: int, level: int, value: float) -> None:
        if (number := self._rungs.get(level)) is None:
            return
        params, distributions = self._params[index]
        self._counts[number] += 1
        self._studies[number].add_trial(
            optuna.trial.create_trial(value=value, params=params, distributions=distributions)
        )


_TPE = {"type": "tpe", "n_ei_candidates": 24}  # Optuna's default: TPE also under a rule
_GROUPS = {"multivariate": True, "group": True}
_THIRD = 1 / 3
Open = Callable[[Task, str, int], Any]


def _rungs(**how: Any) -> Open:
    return lambda task, rule, seed: PerRung(task, rule, seed, {}, **how)


OWN: dict[str, Open] = {
    "random": lambda task, rule, seed: Ours(task, "random", rule, seed),
    "sobol": lambda task, rule, seed: Ours(task, "sobol", rule, seed),
    "tpe": lambda task, rule, seed: Ours(task, "tpe", rule, seed),
    "tpe-whole": lambda task, rule, seed: Ours(task, _TPE, rule, seed),
    "bayes": lambda task, rule, seed: Ours(task, "bayes", rule, seed),
    "tpe-groups": lambda task, rule, seed: Ours(task, {"type": "tpe", **_GROUPS}, rule, seed),
    "counted": lambda task, rule, seed: Counted(task, _TPE, rule, seed),
    "ranked": lambda task, rule, seed: Ranked(task, rule, seed, {}),
    "rungs": _rungs(),
    "rungs-third": _rungs(share=_THIRD),
    "top3": _rungs(n_rungs=3),
    "top3-third": _rungs(n_rungs=3, share=_THIRD),
    "top2": _rungs(n_rungs=2),
    "top2-third": _rungs(n_rungs=2, share=_THIRD),
    "last-rung": _rungs(n_rungs=1),
}
