import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats
from spaces import distribution_of

from ml_tracking_ops.orchestrator.search.incomplete_beta import beta_quantile, incomplete_beta

units = st.floats(0, 1, exclude_max=True)
DEFINITIONS: list[dict[str, Any]] = [
    {"type": "uniform", "min": -1, "max": 2},
    {"type": "uniform", "min": 0.1, "max": 0.9, "step": 0.2},
    {"type": "loguniform", "min": 1e-5, "max": 0.1},
    {"type": "loguniform", "min": 1, "max": 1000, "step": 50},
    {"type": "int", "min": -3, "max": 12, "step": 4},
    {"type": "int", "min": 2, "max": 2},
    {"type": "logint", "min": 1, "max": 1024},
    {"type": "normal", "mu": 5, "sigma": 2},
    {"type": "normal", "mu": 5, "sigma": 2, "step": 0.5},
    {"type": "lognormal", "mu": -3, "sigma": 1},
    {"type": "lognormal", "mu": 3, "sigma": 1, "step": 8},
    {"type": "choice", "candidates": [1, "a", None, True, [1, 2]]},
    {"type": "choice", "candidates": ["a", "b", "c"], "probabilities": [0.25, 0, 0.75]},
    {"type": "quniform", "min": 1, "max": 10, "step": 4},
    {"type": "quniform", "min": -0.5, "max": 0.3, "step": 0.1},
    {"type": "qloguniform", "min": 0.1, "max": 100, "step": 8},
    {"type": "beta", "a": 2, "b": 0.5},
    {"type": "beta", "a": 2, "b": 3, "step": 0.3},
    {"type": "constant", "value": 3},
]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=str)
@given(unit=units)
def test_every_quantile_is_a_possible_value(definition: dict[str, Any], unit: float) -> None:
    distribution = distribution_of(**definition)
    value = distribution.at(unit)
    assert distribution.holds(value)
    if distribution.count is not None:
        assert value in list(distribution.values())


@pytest.mark.parametrize(
    ("definition", "values"),
    [
        ({"type": "uniform", "min": 0.1, "max": 0.5, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ({"type": "uniform", "min": 0, "max": 1, "step": 0.4}, [0, 0.4, 0.8]),
        ({"type": "loguniform", "min": 0.15, "max": 0.6, "step": 0.1}, [0.2, 0.3, 0.4, 0.5, 0.6]),
        ({"type": "int", "min": 1, "max": 8, "step": 3}, [1, 4, 7]),
        ({"type": "logint", "min": 1, "max": 4}, [1, 2, 3, 4]),
        ({"type": "choice", "candidates": ["a", "b", "a", 1, 1.0, True]}, ["a", "b", 1, True]),
        ({"type": "choice", "candidates": [1, 2], "probabilities": [0, 1]}, [2]),
        ({"type": "constant", "value": None}, [None]),
    ],
)
def test_values_are_listed_in_order(definition: dict[str, Any], values: list[Any]) -> None:
    distribution = distribution_of(**definition)
    assert list(distribution.values()) == values
    assert distribution.count == len(values)


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        ({"type": "uniform", "min": 0, "max": 100, "step": 10}, int),
        ({"type": "uniform", "min": 0.5, "max": 100, "step": 10}, float),
        ({"type": "loguniform", "min": 32, "max": 256, "step": 8}, int),
        ({"type": "normal", "mu": 50, "sigma": 10, "step": 5}, int),
        ({"type": "normal", "mu": 50, "sigma": 10, "step": 0.5}, float),
    ],
)
def test_whole_steps_give_whole_numbers(definition: dict[str, Any], kind: type) -> None:
    assert type(distribution_of(**definition).at(0.4)) is kind


def test_quantiles_are_those_of_the_distribution() -> None:
    assert distribution_of(type="loguniform", min=1e-4, max=1e-2).at(0.5) == pytest.approx(1e-3)
    assert distribution_of(type="normal", mu=3, sigma=2).at(0.5) == pytest.approx(3)
    assert distribution_of(type="normal", mu=0, sigma=1).at(0.975) == pytest.approx(1.959964)
    assert distribution_of(type="lognormal", mu=2, sigma=1).at(0.5) == pytest.approx(math.exp(2))
    even = distribution_of(type="int", min=0, max=9)
    assert [even.at(i / 1000) for i in range(1000)].count(9) == 100
    tenth = distribution_of(type="choice", candidates=["a", "b"], probabilities=[0.1, 0.9])
    assert [tenth.at(i / 1000) for i in range(1000)].count("a") == pytest.approx(100, abs=1)


def test_small_whole_numbers_are_likelier_in_a_logint() -> None:
    drawn = [distribution_of(type="logint", min=1, max=100).at(i / 1000) for i in range(1000)]
    assert sum(int(str(value)) <= 10 for value in drawn) == pytest.approx(575, abs=5)
    assert set(range(1, 60)) <= set(drawn)


@pytest.mark.parametrize("unit", [0.0, 1 - 2**-53])
def test_bell_has_finite_ends(unit: float) -> None:
    value = distribution_of(type="normal", mu=0, sigma=1).at(unit)
    assert isinstance(value, float)
    assert 5 < abs(value) < 10


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (
            {"type": "loguniform", "min": -5, "max": -1},
            "loguniform takes the bounds themselves, not exponents: for 10^-5 to 10^-1 write "
            "min 1e-05, max 0.1",
        ),
        ({"type": "loguniform", "min": 0, "max": 1}, "min must be greater than 0, got 0"),
        ({"type": "loguniform", "min": 0.3, "max": 0.35, "step": 0.2}, "larger than the range"),
        ({"type": "uniform", "min": 0, "max": 1, "step": 2}, "larger than the range"),
        ({"type": "uniform", "min": 0, "max": 1, "step": 0}, "greater than 0"),
        ({"type": "int", "min": 3, "max": 1}, "min must not exceed max, got min=3, max=1"),
        ({"type": "int", "min": 1.5, "max": 3}, "valid integer"),
        ({"type": "int", "min": 0, "max": 10**30}, "too large"),
        ({"type": "logint", "min": 1, "max": 10**400}, "too large"),
        ({"type": "uniform", "min": 0, "max": 1, "step": 5e-324}, "too small"),
        ({"type": "logint", "min": 0, "max": 3}, "min must be 1 or more, got 0"),
        ({"type": "normal", "mu": 0, "sigma": 0}, "greater than 0"),
        ({"type": "lognormal", "mu": 800, "sigma": 1}, "natural logarithm"),
        ({"type": "quniform", "min": 1, "max": 1, "step": 1}, "min must be less than max"),
        ({"type": "qloguniform", "min": 0, "max": 1, "step": 1}, "min must be greater than 0"),
        ({"type": "beta", "a": 0, "b": 1}, "greater than 0"),
        (
            {"type": "choice", "candidates": [1, 2], "probabilities": [1]},
            "one probability for each candidate",
        ),
        ({"type": "choice", "candidates": [1, 2], "probabilities": [0.5, 0.6]}, "add up to 1"),
        ({"type": "uniform", "min": 0, "max": float("inf")}, "finite"),
    ],
)
def test_mistake_is_explained(definition: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        distribution_of(**definition)
    assert expected in str(caught.value)


@pytest.mark.parametrize(("a", "b"), [(0.1, 0.3), (1, 1), (2, 5), (30, 0.5), (400, 3_000)])
@pytest.mark.parametrize("unit", [1e-9, 0.01, 0.5, 0.9, 0.999])
def test_beta_has_the_quantiles_of_scipy(a: float, b: float, unit: float) -> None:
    expected = float(stats.beta.ppf(unit, a, b))
    assert beta_quantile(unit, a, b) == pytest.approx(expected, rel=1e-9)
    assert incomplete_beta(expected, a, b) == pytest.approx(unit, rel=1e-9)


def test_rounded_range_gives_its_ends_half_as_often() -> None:
    kind = distribution_of(type="quniform", min=0, max=4, step=2)
    drawn = [kind.at(n / 1000) for n in range(1000)]
    assert [drawn.count(value) for value in (0, 2, 4)] == pytest.approx([250, 500, 250], abs=1)
