"""A Gaussian process over hyperparameters and how far runs have trained. Pure, with numpy alone.

As in MOBSTER (Klein et al. 2020, arXiv:2003.10865) the results of runs that a rule stopped are
results with less training, beside those of whole runs. The kernel is a Matérn 5/2 with a length
for each hyperparameter (Rasmussen and Williams 2006, equation 4.17), times one of the training,
plus a trend of the training.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_LENGTH_OF_TRAINING = 0.5
_JITTER = 1e-6
_STEPS = 40
_RATE = 0.15
_SHARED, _OWN, _TREND, _NOISE = range(-4, 0)
_PRIOR = {_SHARED: (0.0, 1.0), _OWN: (-1.0, 1.0), _TREND: (-1.0, 1.0), _NOISE: (-4.0, 1.5)}
"""Mean and standard deviation of the logarithm of each variance. Those of a length are 0 and 1."""
_NO_NOISE = (-9.0, 0.5)


@dataclass(frozen=True)
class Observations:
    """Observed values.

    Attributes:
        at: combinations, `(n, n_columns)`, each hyperparameter from 0 to 1.
        groups: which hyperparameter each column belongs to, `(n_columns,)`.
        trained: how far, from 0 to 1, `(n,)`.
        values: more is better, `(n,)`, of mean 0 and variance 1.
    """

    at: Array
    groups: npt.NDArray[np.intp]
    trained: Array
    values: Array

    @property
    def n_groups(self) -> int:
        return int(self.groups.max()) + 1


def _squares(left: Array, right: Array, groups: npt.NDArray[np.intp], count: int) -> Array:
    """Return squared distances by hyperparameter, `(count, n_left, n_right)`."""
    found = np.zeros((count, len(left), len(right)))
    for column, group in enumerate(groups):
        found[group] += (left[:, column, None] - right[None, :, column]) ** 2
    return found


def _matern(scaled: Array) -> tuple[Array, Array]:
    """Return the kernel, and its derivative by the logarithm of a length over that part of
    `scaled`."""
    root = np.sqrt(5.0 * scaled)
    decay = np.exp(-root)
    return (1.0 + root + root**2 / 3.0) * decay, (5.0 / 3.0) * (1.0 + root) * decay


def _training_kernel(left: Array, right: Array) -> Array:
    found: Array = np.exp(-(((left[:, None] - right[None, :]) / _LENGTH_OF_TRAINING) ** 2) / 2.0)
    return found


def fit_parameters(seen: Observations, *, is_deterministic: bool = False) -> Array:
    """Return the parameters that make the observations likely, `(n_hyperparameters + 4,)`.

    Logarithms of the length of each hyperparameter, and of four variances: that of a combination at
    any training, that of a combination at one training, the trend of the training, and the noise.
    They are the maximum of the posterior, by a fixed number of steps of Adam (Kingma and Ba 2015).
    """
    count = seen.n_groups
    squares = _squares(seen.at, seen.at, seen.groups, count)
    training = _training_kernel(seen.trained, seen.trained)
    prior = {**_PRIOR, **({_NOISE: _NO_NOISE} if is_deterministic else {})}
    means = np.concatenate([np.zeros(count), [prior[k][0] for k in range(-4, 0)]])
    widths = np.concatenate([np.ones(count), [prior[k][1] for k in range(-4, 0)]])
    parameters = means.copy()
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    for step in range(1, _STEPS + 1):
        slope = _slope(parameters, squares, training, seen.values) - (
            (parameters - means) / widths**2
        )
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        rate = _RATE * np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
        parameters = parameters + rate * first / (np.sqrt(second) + 1e-8)
    return parameters


def _slope(parameters: Array, squares: Array, training: Array, values: Array) -> Array:
    """Return the gradient of the log marginal likelihood (Rasmussen and Williams 2006, equation
    5.9)."""
    count = len(squares)
    scale = np.exp(-2.0 * parameters[:count])
    shared, own, trend, noise = np.exp(parameters[count:])
    kernel, derivative = _matern(np.tensordot(scale, squares, 1))
    mixed = shared + own * training
    whole = kernel * mixed + trend * training
    inverse = np.linalg.inv(whole + (noise + _JITTER) * np.eye(len(values)))
    weights = inverse @ values
    outer = np.outer(weights, weights) - inverse
    lengths = scale * np.tensordot(squares, outer * derivative * mixed, 2)
    others = [
        shared * np.sum(outer * kernel),
        own * np.sum(outer * kernel * training),
        trend * np.sum(outer * training),
        noise * np.trace(outer),
    ]
    return 0.5 * np.concatenate([lengths, others])


class GaussianProcess:
    """The posterior after some observations, with given parameters.

    Args:
        parameters: from `fit_parameters`.

    Raises:
        LinAlgError: the numbers do not allow it.
    """

    def __init__(self, seen: Observations, parameters: Array) -> None:
        self._seen = seen
        self._parameters = parameters
        self._scale = np.exp(-2.0 * parameters[: seen.n_groups])
        self._shared, self._own, self._trend, noise = np.exp(parameters[seen.n_groups :])
        whole = self._kernel(seen.at, seen.trained)
        factor = np.linalg.cholesky(whole + (noise + _JITTER) * np.eye(len(seen.values)))
        self._inverse = np.linalg.inv(factor)
        self._weights = self._inverse.T @ (self._inverse @ seen.values)

    def _kernel(self, at: Array, trained: Array) -> Array:
        seen = self._seen
        squares = _squares(at, seen.at, seen.groups, seen.n_groups)
        kernel, _ = _matern(np.tensordot(self._scale, squares, 1))
        training = _training_kernel(trained, seen.trained)
        mixed: Array = kernel * (self._shared + self._own * training) + self._trend * training
        return mixed

    def expecting(self, at: Array) -> "GaussianProcess":
        """Return the posterior as if whole runs of these combinations had ended as predicted."""
        seen = self._seen
        means, _ = self.predict(at)
        more = Observations(
            np.concatenate([seen.at, at]),
            seen.groups,
            np.concatenate([seen.trained, np.ones(len(at))]),
            np.concatenate([seen.values, means]),
        )
        return GaussianProcess(more, self._parameters)

    def predict(self, at: Array) -> tuple[Array, Array]:
        """Predict means and standard deviations of whole runs, `(n,)` each."""
        kernel = self._kernel(at, np.ones(len(at)))
        whole = self._shared + self._own + self._trend
        explained = np.sum((kernel @ self._inverse.T) ** 2, axis=1)
        return kernel @ self._weights, np.sqrt(np.maximum(whole - explained, 1e-9))
