"""The Gaussian process over hyperparameters and training, against what must hold of any."""

import numpy as np
import pytest

from ml_tracking_ops.orchestrator.search.samplers.bayes.gaussian_process import (
    Array,
    GaussianProcess,
    Observations,
    _matern,
    _slope,
    _squares,
    _training_kernel,
    fit_parameters,
)
from ml_tracking_ops.orchestrator.search.samplers.bayes.improvement import (
    expected_improvement,
    squeezed,
)

N = 40
GROUPS = np.array([0, 1, 1, 2])


def observations(seed: int, noise: float = 0.0) -> Observations:
    """The first hyperparameter decides, and runs get better with training."""
    random = np.random.default_rng(seed)
    at, trained = random.random((N, 4)), random.choice([0.0, 0.5, 1.0], N)
    values = np.sin(5 * at[:, 0]) + 0.5 * trained + noise * random.standard_normal(N)
    return Observations(at, GROUPS, trained, (values - values.mean()) / values.std())


def log_likelihood(parameters: Array, seen: Observations) -> float:
    """Rasmussen and Williams 2006, equation 2.30."""
    count = seen.n_groups
    scale = np.exp(-2.0 * parameters[:count])
    shared, own, trend, noise = np.exp(parameters[count:])
    squares = _squares(seen.at, seen.at, seen.groups, count)
    training = _training_kernel(seen.trained, seen.trained)
    kernel, _ = _matern(np.tensordot(scale, squares, 1))
    whole = kernel * (shared + own * training) + trend * training
    whole += (noise + 1e-6) * np.eye(N)
    _, determinant = np.linalg.slogdet(whole)
    return float(-0.5 * seen.values @ np.linalg.solve(whole, seen.values) - 0.5 * determinant)


@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_the_likelihood(seed: int) -> None:
    seen = observations(seed, 0.1)
    parameters = np.random.default_rng(seed).normal(-0.5, 0.5, seen.n_groups + 4)
    squares = _squares(seen.at, seen.at, seen.groups, seen.n_groups)
    training = _training_kernel(seen.trained, seen.trained)
    found = _slope(parameters, squares, training, seen.values)
    step = 1e-5
    for place in range(len(parameters)):
        move = np.zeros(len(parameters))
        move[place] = step
        numeric = (
            log_likelihood(parameters + move, seen) - log_likelihood(parameters - move, seen)
        ) / (2 * step)
        assert found[place] == pytest.approx(numeric, rel=1e-4, abs=1e-4)


def test_fit_finds_what_matters() -> None:
    lengths = fit_parameters(observations(0, 0.05))[:3]
    assert lengths[0] < lengths[1] - 0.5
    assert lengths[0] < lengths[2] - 0.5


def test_prediction_goes_through_whole_runs_and_is_unsure_between_them() -> None:
    seen = observations(1)
    model = GaussianProcess(seen, fit_parameters(seen, is_deterministic=True))
    whole = seen.trained == 1.0
    means, deviations = model.predict(seen.at[whole])
    assert np.abs(means - seen.values[whole]).max() < 0.1
    _, far = model.predict(np.full((1, 4), 5.0))
    assert far[0] > 2 * deviations.max()


def test_whole_run_is_predicted_from_short_ones() -> None:
    seen = observations(2)
    short = seen.trained < 1.0
    learnt = Observations(seen.at[short], GROUPS, seen.trained[short], seen.values[short])
    model = GaussianProcess(learnt, fit_parameters(learnt))
    means, _ = model.predict(seen.at[~short])
    assert np.corrcoef(means, seen.values[~short])[0, 1] > 0.9


def test_expected_run_lowers_the_uncertainty_around_it_and_moves_nothing() -> None:
    seen = observations(3, 0.1)
    model = GaussianProcess(seen, fit_parameters(seen))
    at = np.full((1, 4), 0.5)
    means, deviations = model.predict(at)
    again, less = model.expecting(at).predict(at)
    assert again[0] == pytest.approx(means[0], abs=1e-6)
    assert less[0] < deviations[0]


def test_expected_improvement_is_that_of_many_draws() -> None:
    draws = np.random.default_rng(0).normal(0.3, 0.7, 400_000)
    expected = np.maximum(draws - 0.5, 0.0).mean()
    found = expected_improvement(np.array([0.3]), np.array([0.7]), 0.5)
    assert found[0] == pytest.approx(expected, rel=0.01)


def test_bad_values_are_squeezed_and_their_order_is_kept() -> None:
    values = np.array([0.9, 0.91, 0.8, 0.85, 0.5, -1e9])
    found = squeezed(values)
    assert [*np.argsort(found)] == [*np.argsort(values)]
    assert found.mean() == pytest.approx(0.0, abs=1e-12)
    assert found.std() == pytest.approx(1.0)
    assert found[5] > -3.0


def test_equal_values_are_equal() -> None:
    assert [*squeezed(np.full(5, 3.0))] == [0.0] * 5
