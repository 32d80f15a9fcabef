"""Values of candidates under several seeds → each candidate's mean and the noise of one run."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_ROUNDS = 200


class Estimates(NamedTuple):
    """The estimates before any assumption about the candidates.

    Attributes:
        means: shape (n_candidates,), as if each had run with every seed.
        counts: how many values each has.
        noise: standard deviation of one run.
        n_free: degrees of freedom of `noise`, or 0 if it cannot be estimated.
    """

    means: Floats
    counts: Floats
    noise: float
    n_free: int


def estimate(values: Floats) -> Estimates:
    """Fit value = candidate + seed + noise by least squares.

    A seed that is easy for all (how the data is divided) is no noise: candidates that ran with
    the same seeds are compared seed by seed, as in a two-way analysis of variance.

    Args:
        values: shape (n_candidates, n_seeds), NaN where there is none. Each candidate has one.
    """
    is_there = ~np.isnan(values)
    values = values[:, is_there.any(axis=0)]
    is_there = ~np.isnan(values)
    seeds = np.zeros(values.shape[1])
    means = np.nanmean(values, axis=1)
    for _ in range(_ROUNDS):  # backfitting. One round is exact if no value is missing
        before = means
        seeds = np.nanmean(values - means[:, None], axis=0)
        seeds -= seeds.mean()
        means = np.nanmean(values - seeds[None, :], axis=1)
        if np.allclose(means, before, rtol=1e-12, atol=0.0):
            break
    rest = np.where(is_there, values - means[:, None] - seeds[None, :], 0.0)
    n_free = int(is_there.sum()) - len(means) - len(seeds) + 1
    noise = float(np.sqrt((rest**2).sum() / n_free)) if n_free > 0 else 0.0
    return Estimates(means, is_there.sum(axis=1).astype(float), noise, max(n_free, 0))
