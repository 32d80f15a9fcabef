"""Convert our search spaces to Optuna's.

A choice is an index (ordered ones a whole number), a bell or a stepped logarithm its quantile:
everything else has a direct counterpart, so that the same seed gives the same numbers.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import JsonValue

from ...store.objective import Goal
from ..choices import Choice
from ..distributions import Distribution, Int, LogInt, LogUniform, Uniform
from ..space import Combination, Space
from .quantiles import position_of, quantile_of

if TYPE_CHECKING:
    import optuna


def open_study(sampler: "optuna.samplers.BaseSampler", goals: Sequence[Goal]) -> "optuna.Study":
    """Return a study in memory with a sampler.

    Args:
        goals: one, or that of each objective.
    """
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(
            sampler=sampler, directions=[direction_of(goal) for goal in goals]
        )
    finally:
        optuna.logging.set_verbosity(verbosity)


def direction_of(goal: Goal | None) -> Literal["maximize", "minimize"]:
    """Return Optuna's direction for a goal."""
    return "maximize" if goal == "max" else "minimize"


def named_sampler(
    name: str, seed: int, settings: Mapping[str, Any] | None = None
) -> "optuna.samplers.BaseSampler":
    """Return Optuna's sampler of that name.

    Args:
        settings: its arguments. By default Optuna's.
    """
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return _named(name, seed % 2**32, dict(settings or {}))


def _named(name: str, seed: int, given: dict[str, Any]) -> "optuna.samplers.BaseSampler":
    from optuna import samplers

    match name:
        case "tpe":
            return samplers.TPESampler(seed=seed, **given)
        case "gp":
            return samplers.GPSampler(seed=seed, warn_independent_sampling=False, **given)
        case "nsga2":
            return samplers.NSGAIISampler(seed=seed, **given)
        case _:
            return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False, **given)


def suggest_value(trial: "optuna.Trial", name: str, distribution: Distribution) -> JsonValue:
    """Let Optuna choose a hyperparameter's value."""
    match _as_optuna(distribution):
        case ("categorical", count):
            return distribution.nth(int(trial.suggest_categorical(name, list(range(count)))))
        case ("int", low, high, step, log):
            number = trial.suggest_int(name, low, high, step=step, log=log)
            return distribution.nth(number) if isinstance(distribution, Choice) else number
        case ("float", low, high, step, log):
            value = trial.suggest_float(name, low, high, step=step, log=log)
            return value if step is None else distribution.nth(round((value - low) / step))
        case _:
            return distribution.at(trial.suggest_float(name, 0.0, 1.0))


def parameters_of(
    space: Space, combination: Combination
) -> tuple[dict[str, Any], dict[str, "optuna.distributions.BaseDistribution"]]:
    """Return a combination as the parameters of an Optuna trial."""
    parameters: dict[str, Any] = {}
    distributions: dict[str, optuna.distributions.BaseDistribution] = {}
    for name in space.sampled:
        if name not in combination:
            continue
        distribution, value = space.hyperparameters[name], combination[name]
        parameters[name] = (
            position_of(distribution, value) if isinstance(distribution, Choice) else value
        )
        distributions[name] = _counterpart(distribution)
        if _as_optuna(distribution) == ("quantile",):
            parameters[name] = quantile_of(distribution, value)
    return parameters, distributions


def distributions_of(space: Space) -> dict[str, "optuna.distributions.BaseDistribution"]:
    """Return the hyperparameters that depend on no other, as Optuna's trials have them."""
    known = space.hyperparameters
    return {name: _counterpart(known[name]) for name in space.sampled if known[name].when is None}


def _counterpart(distribution: Distribution) -> "optuna.distributions.BaseDistribution":
    from optuna import distributions as kinds

    match _as_optuna(distribution):
        case ("categorical", count):
            return kinds.CategoricalDistribution(list(range(count)))
        case ("int", low, high, step, log):
            return kinds.IntDistribution(low, high, step=step, log=log)
        case ("float", low, high, step, log):
            return kinds.FloatDistribution(low, high, step=step, log=log)
        case _:
            return kinds.FloatDistribution(0.0, 1.0)


def _as_optuna(distribution: Distribution) -> tuple[Any, ...]:
    """Return the arguments of the distribution's counterpart, or only a name if it has none."""
    match distribution:
        case Choice(ordered=False):
            return "categorical", distribution.count
        case Choice():
            return "int", 0, distribution.count - 1, 1, False
        case Int():
            return (
                "int",
                distribution.min,
                distribution.nth(distribution.count - 1),
                distribution.step,
                False,
            )
        case LogInt():
            return "int", distribution.min, distribution.max, 1, True
        case Uniform(count=None):
            return "float", distribution.min, distribution.max, None, False
        case Uniform(count=int(count)):
            return "float", distribution.min, distribution.nth(count - 1), distribution.step, False
        case LogUniform(step=None):
            return "float", distribution.min, distribution.max, None, True
        case _:
            return ("quantile",)
