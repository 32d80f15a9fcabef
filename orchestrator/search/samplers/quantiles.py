"""The quantile of a value in its distribution: the inverse of `Distribution.at`. Pure."""

import math
from statistics import NormalDist
from typing import Any

from ..choices import Choice
from ..distributions import Distribution, Int, LogInt, LogNormal, LogUniform, Normal, Uniform, same
from ..incomplete_beta import incomplete_beta
from ..quantized import Beta, QLogUniform, QUniform


def quantile_of(distribution: Distribution, value: Any) -> float:
    """Return the share of draws that are less than a value, from 0 to 1.

    For a choice, its place among the candidates.
    """
    match distribution:
        case Choice():
            return position_of(distribution, value) / max(distribution.count - 1, 1)
        case Normal():
            return NormalDist(distribution.mu, distribution.sigma).cdf(value)
        case LogNormal():
            logarithm = math.log(max(value, 1e-300))
            return NormalDist(distribution.mu, distribution.sigma).cdf(logarithm)
        case QUniform() | QLogUniform():
            return distribution.quantile(value)
        case Beta():
            return incomplete_beta(value, distribution.a, distribution.b)
        case LogUniform() | LogInt():
            low, high = math.log(distribution.min), math.log(distribution.max)
            return _share(math.log(value), low, high)
        case Uniform() | Int():
            return _share(value, distribution.min, distribution.max)
    raise TypeError(distribution)


def position_of(distribution: Choice, value: Any) -> int:
    """Return the place of a value among the candidates, from 0."""
    return next(n for n, other in enumerate(distribution.values()) if same(other, value))


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high == low else min(max((value - low) / (high - low), 0.0), 1.0)
