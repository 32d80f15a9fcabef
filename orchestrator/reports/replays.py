"""Run `replay_rules` on a finished sweep: histories from disk, the answer as plain data."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..config.messages import explain_errors
from ..errors import ConfigError, ConfigProblem, UsageError
from ..stopping import StoppingRules
from ..stopping.replay import ReplayedStop, ReplayOutcome, replay_rules
from ..stopping.settings import AshaRule, RuleSettings
from ..store.histories.run_history import RunHistory, load_history
from ..store.objective import Goal
from ..store.sweep_folder import Sweep
from .entries import finite
from .shapes import ReplayEntry, ReplayReport, StopEntry, SweepTotals


class _Rules(BaseModel):
    """A single rule under its key in a configuration, so that mistakes get the same messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    stopping_rules: list[RuleSettings]


def parse_rule(text: str) -> RuleSettings:
    """Parse `asha`, `asha:min_resource=5,reduction_factor=4`, or JSON as in a configuration.

    Raises:
        ConfigError: it is no such rule, or its settings have mistakes.
    """
    try:
        (rule,) = _Rules.model_validate({"stopping_rules": [_rule_source(text)]}).stopping_rules
    except ValidationError as error:
        found = [
            ConfigProblem(problem.key.removeprefix("stopping_rules.0").lstrip("."), problem.message)
            for problem in explain_errors(error, _Rules)
        ]
        raise ConfigError(f"--rule {text}", found) from None
    if isinstance(rule, AshaRule) and rule.resume:
        problem = ConfigProblem(
            "resume", "cannot be replayed: which runs continue depends on which workers are free"
        )
        raise ConfigError(f"--rule {text}", [problem])
    return rule


def _rule_source(text: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            problem = ConfigProblem("", f"is not valid JSON: {error}")
            raise ConfigError(f"--rule {text}", [problem]) from None
    name, _, settings = text.partition(":")
    source: dict[str, Any] = {"rule": name}
    for setting in filter(None, settings.split(",")):
        key, _, value = setting.partition("=")
        source[key.strip()] = _value(value.strip())
    return source


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def report_replays(
    sweep: Sweep, rules: Sequence[RuleSettings], metric: str | None = None, goal: Goal | None = None
) -> ReplayReport:
    """Return what each of the rules alone would have done to a sweep.

    Raises:
        UsageError: it is not known what was to be optimised, or nothing was logged of it.
    """
    metric, goal = replayed_metric(sweep, metric, goal)
    runs = load_histories(sweep)
    if not any(run.n_values(metric) for run in runs):
        raise UsageError(f"{sweep.name}: none of its runs has logged {metric!r}")
    outcomes = [
        replay_rules(runs, StoppingRules([rule.build(metric, goal)]), metric, goal)
        for rule in rules
    ]
    return {
        "name": sweep.name,
        "path": str(sweep.path),
        "state": sweep.record.state,
        "optimization_metric": metric,
        "optimization_goal": goal,
        "sweep": _totals(runs, replay_rules(runs, StoppingRules(), metric, goal), metric),
        "replays": [
            _replay_entry(rule, outcome, runs, goal)
            for rule, outcome in zip(rules, outcomes, strict=True)
        ],
    }


def replayed_metric(sweep: Sweep, metric: str | None, goal: Goal | None) -> tuple[str, Goal]:
    """Return the metric to replay and its goal: those given, else the sweep's.

    Raises:
        UsageError: it is not known what was to be optimised.
    """
    goals = {one.metric: one.goal for one in sweep.aims.objectives}
    if goals and metric is None:
        raise UsageError(
            f"{sweep.name} has several objectives. Name the one to replay: "
            f"--metric {' or --metric '.join(goals)}"
        )
    metric = metric or sweep.optimization_metric
    goal = goal or goals.get(metric or "", sweep.optimization_goal)
    if metric is None or goal is None:
        raise UsageError(
            f"{sweep.name}: its configuration names no optimization_metric and goal. "
            "Name them with --metric and --goal"
        )
    return metric, goal


def load_histories(sweep: Sweep) -> list[RunHistory]:
    """Return the runs of a sweep that have logged anything, in the order of their index."""
    runs = [run for _, run in sorted(sweep.record.runs.items()) if not run.is_confirming]
    found = (load_history(sweep.dat_path(run), run) for run in runs)
    return [history for history in found if history is not None]


def _totals(runs: Sequence[RunHistory], outcome: ReplayOutcome, metric: str) -> SweepTotals:
    return {
        "n_runs": len(runs),
        "n_cut_short": sum(run.state != "finished" for run in runs),
        "values": sum(run.n_values(metric) for run in runs),
        "steps": sum(run.last_step for run in runs),
        "seconds": round(sum(run.ended_at - run.started_at for run in runs), 3),
        "best_value": finite(outcome.best_value),
        "best": None if outcome.best_run is None else outcome.best_run.name,
    }


def _replay_entry(
    rule: RuleSettings, outcome: ReplayOutcome, runs: Sequence[RunHistory], goal: Goal
) -> ReplayEntry:
    seconds = sum(run.ended_at - run.started_at for run in runs)
    return {
        "rule": rule.model_dump(exclude_none=True),
        "n_stopped": len(outcome.stops),
        "saved": {
            "values": outcome.saved_values,
            "steps": outcome.saved_steps,
            "seconds": round(outcome.saved_s, 3),
            "share_of_seconds": round(outcome.saved_s / seconds, 4) if seconds > 0 else 0.0,
        },
        "cost": {
            "best_value": finite(outcome.best_value),
            "best": None if outcome.best_run is None else outcome.best_run.name,
            "regret": finite(outcome.regret),
            "lost": [stop.run.name for stop in outcome.lost(goal)],
        },
        "stopped": [_stop_entry(stop) for stop in outcome.stops],
    }


def _stop_entry(stop: ReplayedStop) -> StopEntry:
    decision = stop.decision
    return {
        "name": stop.run.name,
        "index": stop.run.index,
        "state": stop.run.state,
        "step": decision.step,
        "value": finite(decision.value),
        "threshold": finite(decision.threshold),
        "reason": decision.reason,
        "best_then": finite(stop.best_then),
        "best_value": finite(stop.best_later),
        "saved": {
            "values": stop.saved_values,
            "steps": stop.saved_steps,
            "seconds": round(stop.saved_s, 3),
        },
    }
