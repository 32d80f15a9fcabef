"""Make the rules that stop a sweep's runs, and the limits that end the sweep, from a
configuration."""

from ...config.model import SweepConfig
from ...stopping import Rule, StopDecision, StoppingRules
from ...stopping.milestones import CurveOfBest, milestones_of
from ...stopping.patience import Patience
from ...stopping.settings import AshaRule
from ...stopping.threshold import Threshold
from ...store.objective import is_better
from ...store.run_record import COMPARING_RULES

SEARCH_LIMITS = frozenset({"target", "max_runs_without_improvement"})
"""Limits that end only the search, not what follows it."""


def build_rules(config: SweepConfig, *, compares: bool = True) -> StoppingRules:
    """Return the rules of a sweep, in the order in which they are applied.

    Args:
        compares: include those that stop a run because others are better.
    """
    metric, goal = config.optimization_metric, config.optimization_goal
    rules: list[Rule] = []
    goals = {one.metric: one.goal for one in config.objectives or ()}
    watched = [*goals] if metric is None else [metric]
    if config.check_finite:
        rules += map(Threshold, watched)
    if metric is not None and goal is not None and config.early_stopping:
        rules.append(Patience(metric, goal, config.early_stopping_patience or 1))
    for settings in config.stopping_rules:
        if settings.rule in COMPARING_RULES and not compares:
            continue
        if isinstance(settings, AshaRule) and settings.metric is None and goals:
            rules += settings.build_for_all(goals)
            continue
        # any other rule that needs an objective has one: validation made sure
        own = settings.metric or metric or ""
        rules.append(settings.build(own, goals.get(own, goal or "max")))
    return StoppingRules(rules)


def curve_for(config: SweepConfig) -> CurveOfBest | None:
    """Return the curve that keeps the best values of one run, or None if no rule compares runs by
    them."""
    milestones = milestones_of(config.stopping_rules)
    if milestones is None or config.optimization_goal is None:
        return None
    return CurveOfBest(config.optimization_goal, milestones)


class SweepLimits:
    """When the sweep as a whole is over: a target is reached, or nothing improves any more."""

    def __init__(self, config: SweepConfig) -> None:
        self._goal = config.optimization_goal or "max"
        self._metric = config.optimization_metric
        self._target = config.target
        self._stops_runs = config.stop_at_target
        self._patience = config.max_runs_without_improvement
        self._best: float | None = None
        self._best_run: int | None = None
        self._n_without_improvement = 0
        self._ended: set[int] = set()

    def see_best(self, run: int, value: float | None, step: int | None) -> StopDecision | None:
        """Take in a run's best value so far, and return the decision to end the sweep."""
        if value is None or not is_better(value, self._best, self._goal):
            return None
        self._best, self._best_run = value, run
        self._n_without_improvement = 0
        if self._target is None or is_better(self._target, value, self._goal):
            return None
        return StopDecision(
            rule="target",
            metric=self._metric,
            step=step,
            value=value,
            threshold=self._target,
            reason=f"run {run} reached the target: {self._metric} {value:.6g} at step {step}, "
            f"target {self._target:.6g}"
            + ("" if self._stops_runs else ". No new runs start, running ones continue"),
        )

    def see_end(self, run: int) -> StopDecision | None:
        """Take in that a run has ended, and return the decision to end the sweep.

        A run that is tried again counts once.
        """
        if run != self._best_run and run not in self._ended:
            self._n_without_improvement += 1
        self._ended.add(run)
        if self._patience is None or self._n_without_improvement < self._patience:
            return None
        best = "nothing yet" if self._best is None else f"{self._best:.6g} of run {self._best_run}"
        return StopDecision(
            rule="max_runs_without_improvement",
            metric=self._metric,
            step=None,
            value=None,
            threshold=self._best,
            reason=f"{self._n_without_improvement} runs in a row have not improved the best "
            f"{self._metric}, {best}",
        )


def out_of_time(max_hours: float) -> StopDecision:
    """Return the decision of `max_hours`."""
    return StopDecision(
        rule="max_hours",
        metric=None,
        step=None,
        value=None,
        threshold=max_hours,
        reason=f"the sweep has run for max_hours = {max_hours:g}",
    )
