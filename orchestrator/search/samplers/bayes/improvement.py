"""The expected improvement of an unknown result over the best, or over a Pareto front. Pure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ....store.outcomes.pareto import Losses, front_of
from .gaussian_process import Array

_MOST_ABOVE = 5.0
_erf = np.vectorize(math.erf, otypes=[float])


def normal_share(at: Array) -> Array:
    """Return the standard normal distribution function."""
    found: Array = 0.5 * (1.0 + _erf(at / math.sqrt(2)))
    return found


def _shortfall(distance: Array) -> Array:
    """Return the expectation of `max(distance - z, 0)`, `z` being standard normal."""
    density = np.exp(-(distance**2) / 2) / math.sqrt(2 * math.pi)
    found: Array = distance * normal_share(distance) + density
    return found


def expected_improvement(means: Array, deviations: Array, best: float) -> Array:
    """Return how much better than the best each is expected to be, `(n,)` (Jones et al. 1998, eq.
    15)."""
    return deviations * _shortfall((means - best) / deviations)


class Box(NamedTuple):
    """A part of the space of losses, from `low` up to `high` in each objective.

    `low` is minus infinity where it has no limit.
    """

    low: Losses
    high: Losses


def boxes_beyond(front: Sequence[Losses], reference: Losses) -> list[Box]:
    """Return what no point of a front dominates, up to the reference point, as disjoint boxes.

    Slices along the last objective, as `hypervolume`.
    """
    inside = [one for one in front if all(a < b for a, b in zip(one, reference, strict=True))]
    if len(reference) == 1:
        return [Box((-math.inf,), (min([reference[0], *(one[0] for one in inside)]),))]
    inside.sort(key=lambda point: point[-1])
    limits = [-math.inf, *(point[-1] for point in inside), reference[-1]]
    found: list[Box] = []
    for count in range(len(inside) + 1):
        low, high = limits[count], limits[count + 1]
        if low < high:
            flat = [one[:-1] for one in inside[:count]]
            flat = [flat[place] for place in front_of(flat)]
            found += [
                Box((*box.low, low), (*box.high, high))
                for box in boxes_beyond(flat, reference[:-1])
            ]
    return found


def expected_hypervolume_improvement(
    means: Array, deviations: Array, boxes: Sequence[Box]
) -> Array:
    """Return by how much each is expected to enlarge the volume that a front dominates, `(n,)`.

    A box gains the product of what each objective covers of it (Yang et al. 2019, "Multi-objective
    Bayesian global optimization using expected hypervolume improvement gradient", section 3). The
    objectives are predicted independently.

    Args:
        means: predicted losses, `(n, n_objectives)`.
        deviations: their standard deviations, of the same shape.
    """
    gains = np.ones((len(means), len(boxes)))
    for objective in range(means.shape[1]):
        limits = sorted({one[objective] for box in boxes for one in (box.low, box.high)})
        places = {limit: place for place, limit in enumerate(limits)}
        finite = np.array([max(limit, -1e9) for limit in limits])
        mean, deviation = means[:, objective, None], deviations[:, objective, None]
        below = deviation * _shortfall((finite[None, :] - mean) / deviation)
        high = below[:, [places[box.high[objective]] for box in boxes]]
        gains *= high - below[:, [places[box.low[objective]] for box in boxes]]
    found: Array = gains.sum(axis=1)
    return found


def squeezed(values: Array) -> Array:
    """Return the values, of mean 0 and variance 1, with the bad ones closer together.

    Those better than the median are in units of the distance from the median to the best tenth, so
    that a tiny improvement stays one. Those worse are as their logarithm, so that a diverged run
    does not outweigh all others.
    """
    middle, high = np.quantile(values, [0.5, 0.9])
    width = (high - middle) or values.std() or 1.0
    distance = (values - middle) / width
    above = np.clip(distance, 0.0, _MOST_ABOVE)
    scaled = above - np.log1p(np.maximum(-distance, 0.0))
    found: Array = (scaled - scaled.mean()) / (scaled.std() or 1.0)
    return found
