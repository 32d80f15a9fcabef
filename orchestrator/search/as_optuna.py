"""Convert a sweep to an Optuna study, for its plots and other tools."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..store.objective import Goal
from ..store.outcomes.aims import NO_AIMS, Aims
from ..store.run_record import RunRecord
from ..store.run_states import ENDS, RESULTS_THAT_COUNT
from .choices import Choice
from .distributions import Distribution, Int, LogInt, LogUniform, Uniform
from .samplers.extras import import_extra
from .samplers.optuna_study import direction_of
from .space import Space

if TYPE_CHECKING:
    import optuna


def as_optuna_study(
    name: str,
    runs: Iterable[RunRecord],
    space: Space,
    goal: Goal | None,
    aims: Aims = NO_AIMS,
) -> "optuna.Study":
    """Return a study in memory with a trial for each run of the search that has ended.

    A finished run is complete, one that was stopped early is pruned with its best value, the
    others have failed. Lists among the values of a choice are written as JSON. Bell-shaped and
    rounded hyperparameters are between the smallest and the largest value that was tried.

    With several objectives each trial has a value for each, in their order, and one that was
    stopped early is complete too: Optuna prunes no trial with several values. Constraints on
    outcomes are constraints of the trials.

    Raises:
        UsageError: Optuna is not installed.
    """
    import_extra("optuna", "optuna", "to_optuna()")
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        goals: list[Goal | None] = [one.goal for one in aims.objectives]
        study = optuna.create_study(
            study_name=name, directions=[direction_of(one) for one in goals or [goal]]
        )
    finally:
        optuna.logging.set_verbosity(verbosity)
    ended = [run for run in runs if not run.is_confirming and run.state in ENDS]
    kinds = {
        name: _distribution(
            space.hyperparameters[name], [run.hyperparameters for run in ended], name
        )
        for name in space.sampled
        if any(name in run.hyperparameters for run in ended)
    }
    for run in ended:
        study.add_trial(_trial(run, kinds, aims))
    return study


def _distribution(
    distribution: Distribution, tried: Sequence[Mapping[str, Any]], name: str
) -> "optuna.distributions.BaseDistribution":
    """Return the counterpart of a distribution, which holds the values themselves."""
    import optuna

    kinds = optuna.distributions
    match distribution:
        case Choice():
            values = list(dict.fromkeys(map(_plain, distribution.values())))
            return kinds.CategoricalDistribution(values)
        case Int():
            last = int(distribution.nth(distribution.count - 1))
            return kinds.IntDistribution(distribution.min, last, step=distribution.step)
        case LogInt():
            return kinds.IntDistribution(distribution.min, distribution.max, log=True)
        case LogUniform(step=None):
            return kinds.FloatDistribution(distribution.min, distribution.max, log=True)
        case Uniform(count=None):
            return kinds.FloatDistribution(distribution.min, distribution.max)
        case _:
            known = [float(one[name]) for one in tried if name in one]
            return kinds.FloatDistribution(min(known), max(known))


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _trial(
    run: RunRecord,
    kinds: Mapping[str, "optuna.distributions.BaseDistribution"],
    aims: Aims,
) -> "optuna.trial.FrozenTrial":
    import optuna

    distributions = {name: kinds[name] for name in kinds if name in run.hyperparameters}
    parameters = {name: _plain(run.hyperparameters[name]) for name in distributions}
    state, value = _outcome(run)
    values = None if value is None or state != optuna.trial.TrialState.COMPLETE else [value]
    if aims.objectives:
        state, values = _outcome_of_several(run, aims)
    violations = aims.violations(run.values) or ()
    about: dict[str, Any] = {
        "run": run.name,
        "index": run.index,
        "state": run.state,
        "reason": run.reason,
    }
    reported = {} if value is None or run.best_step is None else {run.best_step: value}
    return optuna.trial.create_trial(
        state=state,
        values=values,
        params=parameters,
        distributions=distributions,
        user_attrs=about,
        intermediate_values=reported,
        constraints={one.text: miss for one, miss in zip(aims.where, violations, strict=False)}
        or None,
    )


def _outcome_of_several(run: RunRecord, aims: Aims) -> tuple[Any, list[float] | None]:
    """Return a trial's state, and its value for each objective if it has them."""
    import optuna

    result = aims.result(run.values)
    if run.state not in RESULTS_THAT_COUNT or result is None:
        return optuna.trial.TrialState.FAIL, None
    return optuna.trial.TrialState.COMPLETE, list(result)


def _outcome(run: RunRecord) -> tuple[Any, float | None]:
    """Return a trial's state, and its value if it has one."""
    import optuna

    states = optuna.trial.TrialState
    value = run.best_value
    if run.state not in RESULTS_THAT_COUNT or value is None or not math.isfinite(value):
        return states.FAIL, None
    return (states.COMPLETE if run.state == "finished" else states.PRUNED), value
