"""Estimate how good each candidate really is, given noisy values: draws from a posterior. Pure.

A hierarchical normal model (Lindley and Smith 1972, Gelman 2006, "Prior distributions for variance
parameters in hierarchical models"): a candidate's true value is normal around a common mean, and
its values are normal around its own. The estimate of one is thus drawn towards the others, the more
the noisier the runs are, which corrects for the luck of the best of many, as the estimator of James
and Stein (1961) does. Gelman, Hill and Yajima (2012) explain why this makes corrections for many
comparisons unnecessary.

With ten candidates or more only the better half determines the spread of good ones: of the others
the model only learns that they are worse (a censored likelihood), so that bad combinations do
not make the good ones look far apart.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .estimates import Estimates, Floats

_N_DRAWS = 8_000
_FEW = 10
_MOST_SHAPED = 40
_SEED = 18
_LEAST = 1e-9


class _Grid(NamedTuple):
    """Points of noise, spread between candidates (in units of noise) and common mean."""

    noise: Floats
    spread: Floats
    mean: Floats
    log_density: Floats


def draw_true_values(estimates: Estimates, chosen: Sequence[int]) -> Floats:
    """Return draws of the true values of some candidates, shape (n_draws, n_chosen).

    The same estimates give the same draws. They are about 0, the largest of size 1 or so.
    """
    random = np.random.default_rng(_SEED)
    means, counts = estimates.means[list(chosen)], estimates.counts[list(chosen)]
    grid = _grid(estimates)
    density = np.exp(grid.log_density - grid.log_density.max()).ravel()
    picked = random.choice(density.size, size=_N_DRAWS, p=density / density.sum())
    noise, spread, mean = (
        part.ravel()[picked][:, None] for part in (grid.noise, grid.spread, grid.mean)
    )
    trust = spread**2 / (spread**2 + 1 / counts)
    deviation = noise * np.sqrt(trust / counts)
    normal = random.standard_normal((_N_DRAWS, len(means)))
    return np.asarray(mean + trust * (means - mean) + deviation * normal)


def chances_of_best(draws: Floats) -> Floats:
    """Return the probability of each candidate to be the best of all. Larger values are better."""
    best = np.bincount(np.argmax(draws, axis=1), minlength=draws.shape[1])
    return np.asarray(best / len(draws))


def _grid(estimates: Estimates) -> _Grid:
    """Return the posterior density of noise, spread and common mean on a grid.

    Flat in the common mean and in the logarithm of the noise, half-Cauchy in the spread, with the
    noise of one run as its scale.
    """
    means, counts, n_free = estimates.means, estimates.counts, estimates.n_free
    scale = max(estimates.noise, _LEAST)
    shaping, limit = _shaping(means)
    low, high = float(means[shaping].min()), float(means[shaping].max())
    width = max(high - low, scale / float(np.sqrt(np.median(counts))))
    noises = scale * np.exp(_noise_steps(n_free))
    spreads = np.concatenate([[0.0], np.geomspace(0.05, max(10 * width / scale, 1.0), 29)])
    below = 0.75 if limit is None else 2.0
    common = np.linspace(low - below * width, high + 0.75 * width, 41)
    noise, spread, mean = np.meshgrid(noises, spreads, common, indexing="ij")
    density = -n_free * (np.log(noise / scale) + (scale / noise) ** 2 / 2)
    steps = np.gradient(spreads)
    density = density + np.log(steps / (1 + spreads**2))[None, :, None]
    for candidate in shaping:
        variance = noise**2 * (spread**2 + 1 / counts[candidate])
        off = (means[candidate] - mean) ** 2
        density -= (np.log(variance / scale**2) + off / variance) / 2
    if limit is not None:
        others = np.delete(counts, shaping)
        for count, n_such in zip(*np.unique(others, return_counts=True), strict=True):
            deviation = noise * np.sqrt(spread**2 + 1 / count)
            density += n_such * _log_normal_cdf((limit - mean) / deviation)
    return _Grid(noise, spread, mean, density)


def _noise_steps(n_free: int) -> Floats:
    """Return logarithms of the noise over its estimate, far enough out for its uncertainty."""
    if n_free < 4:
        return np.linspace(-1.5, 4.0, 25)
    return np.asarray(np.linspace(-4.0, 4.0, 25) / np.sqrt(2 * n_free))


def _shaping(means: Floats) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], float | None]:
    """Return the candidates that determine the spread of good ones, and the value below which the
    others are."""
    order = np.argsort(-means, kind="stable")
    if len(means) < _FEW:
        return order, None
    n_shaping = min((len(means) + 1) // 2, _MOST_SHAPED)
    limit = float(means[order[n_shaping - 1]] + means[order[n_shaping]]) / 2
    return order[:n_shaping], limit


def _log_normal_cdf(z: Floats) -> Floats:
    """Return the logarithm of the normal distribution function (Abramowitz and Stegun 26.2.17)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    factors = (1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.319381530)
    polynomial = np.zeros_like(t)
    for factor in factors:
        polynomial = t * (factor + polynomial)
    tail = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * polynomial
    return np.asarray(np.log(np.maximum(np.where(z > 0, 1 - tail, tail), 1e-300)))
