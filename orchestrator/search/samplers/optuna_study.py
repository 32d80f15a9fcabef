"""Our search spaces in Optuna's words.

A choice is an index (ordered ones a whole number), a bell or a stepped logarithm its quantile:
everything else is what it is called there too, so that the same seed gives the same numbers.
"""

import math
import warnings
from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from ...store.objective import Goal
from ..choices import Choice
from ..distributions import Distribution, Int, LogInt, LogNormal, LogUniform, Normal, Uniform, same
from ..incomplete_beta import incomplete_beta
from ..quantized import Beta, QLogUniform, QUniform
from ..space import Combination, Space

if TYPE_CHECKING:
    import optuna


def open_study(
    name: str, seed: int, goal: Goal, settings: Mapping[str, Any] | None = None
) -> "optuna.Study":
    """A study in memory with Optuna's sampler of that name.

    Args:
        settings: arguments of that sampler; by default it is as Optuna sets it.
    """
    import optuna

    samplers = optuna.samplers
    given: dict[str, Any] = dict(settings or {})
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler: optuna.samplers.BaseSampler
            match name:
                case "tpe":
                    sampler = samplers.TPESampler(seed=seed % 2**32, **given)
                case "gp":
                    sampler = samplers.GPSampler(
                        seed=seed % 2**32, warn_independent_sampling=False, **given
                    )
                case _:
                    sampler = samplers.CmaEsSampler(
                        seed=seed % 2**32, warn_independent_sampling=False, **given
                    )
        return optuna.create_study(
            sampler=sampler, direction="maximize" if goal == "max" else "minimize"
        )
    finally:
        optuna.logging.set_verbosity(verbosity)


def suggest(trial: "optuna.Trial", name: str, distribution: Distribution) -> JsonValue:
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
    """A combination as a trial of Optuna's holds it."""
    import optuna

    kinds = optuna.distributions
    parameters: dict[str, Any] = {}
    distributions: dict[str, optuna.distributions.BaseDistribution] = {}
    for name in space.sampled:
        if name not in combination:
            continue
        distribution, value = space.hyperparameters[name], combination[name]
        parameters[name] = (
            _position(distribution, value) if isinstance(distribution, Choice) else value
        )
        match _as_optuna(distribution):
            case ("categorical", count):
                distributions[name] = kinds.CategoricalDistribution(list(range(count)))
            case ("int", low, high, step, log):
                distributions[name] = kinds.IntDistribution(low, high, step=step, log=log)
            case ("float", low, high, step, log):
                distributions[name] = kinds.FloatDistribution(low, high, step=step, log=log)
            case _:
                distributions[name] = kinds.FloatDistribution(0.0, 1.0)
                parameters[name] = _quantile(distribution, value)
    return parameters, distributions


def _as_optuna(distribution: Distribution) -> tuple[Any, ...]:
    """The arguments of the distribution's counterpart; only a name where it has none."""
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


def _position(distribution: Choice, value: JsonValue) -> int:
    return next(n for n, other in enumerate(distribution.values()) if same(other, value))


def _quantile(distribution: Distribution, value: Any) -> float:
    match distribution:
        case Normal():
            return NormalDist(distribution.mu, distribution.sigma).cdf(value)
        case LogNormal():
            logarithm = math.log(max(value, 1e-300))
            return NormalDist(distribution.mu, distribution.sigma).cdf(logarithm)
        case LogUniform():
            low, high = math.log(distribution.min), math.log(distribution.max)
            return min(max((math.log(value) - low) / (high - low), 0.0), 1.0)
        case QUniform() | QLogUniform():
            return distribution.quantile(value)
        case Beta():
            return incomplete_beta(value, distribution.a, distribution.b)
    raise TypeError(distribution)
