"""The regularised incomplete beta function and its inverse, without SciPy. Pure.

The continued fraction is formula 26.5.8 of Abramowitz and Stegun, evaluated by Lentz's method.
"""

import math

_TINY = 1e-300
_PRECISION = 1e-15
_MOST_TERMS = 100_000
_HALVINGS = 200
_LARGEST_LOGIT = 745.0  # beyond, exp() gives 0


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the share of a beta distribution below x, from 0 to 1."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    return _below(math.log(x), math.log1p(-x), a, b)


def beta_quantile(unit: float, a: float, b: float) -> float:
    """Return the value below which the share `unit` of a beta distribution is."""
    if unit <= 0 or unit >= 1:
        return float(unit >= 1)
    low, high = -_LARGEST_LOGIT, _LARGEST_LOGIT
    for _ in range(_HALVINGS):  # by logits, since values may be next to 0 or 1
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _below(_log_sigmoid(middle), _log_sigmoid(-middle), a, b) < unit:
            low = middle
        else:
            high = middle
    return math.exp(_log_sigmoid(high))


def _log_sigmoid(logit: float) -> float:
    return -math.log1p(math.exp(-logit)) if logit > 0 else logit - math.log1p(math.exp(logit))


def _below(log_x: float, log_rest: float, a: float, b: float) -> float:
    """Return the share below x, given the logarithms of x and of 1 - x."""
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * log_x + b * log_rest
    front, x = math.exp(logarithm), math.exp(log_x)
    if x < (a + 1) / (a + b + 2):  # where the fraction converges fast
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(math.exp(log_rest), b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    value, c, d = 1.0, 1.0, _inverse(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for coefficient in (even, odd):
            d = _inverse(1 + coefficient * d)
            c = _away_from_0(1 + coefficient / c)
            value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value


def _inverse(number: float) -> float:
    return 1 / _away_from_0(number)


def _away_from_0(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
