"""Parameters of W&B sweep files: the values of W&B's own distributions, and its refusals."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from spaces import distribution_of
from wandb_reference import Reference, WandbError

from ml_tracking_ops.orchestrator.config.wandb.distributions import (
    DISTRIBUTIONS,
    UnsupportedError,
    convert_parameter,
)
from ml_tracking_ops.orchestrator.config.yaml_files import Scientific

# none times a number of whole values is whole: there W&B rounds to the other side
UNITS = [0.00312, 0.03127, 0.26013, 0.49721, 0.52033, 0.77017, 0.93041, 0.99713]
EXAMPLES: list[dict[str, Any]] = [
    {"value": [1, "a", None]},
    {"values": [1, 2.5, "a", None, True, [1], {"a": 2}]},
    {"values": [1, 2, 3], "probabilities": [0.2, 0.5, 0.3]},
    {"values": [1, 2, 3], "probabilities": [0.33333, 0.33333, 0.33333]},
    {"min": 1, "max": 5},
    {"min": 0, "max": 0.5},
    {"distribution": "uniform", "min": 1, "max": 4},
    {"distribution": "q_uniform", "min": 0, "max": 4, "q": 2},
    {"distribution": "q_uniform", "min": 1, "max": 10, "q": 4},
    {"distribution": "q_uniform", "min": -0.33, "max": 0.3, "q": 0.1},
    {"distribution": "q_uniform", "min": 0.2, "max": 9.9},
    {"distribution": "q_uniform", "min": 1, "max": 2, "q": 5},
    {"distribution": "log_uniform", "min": -7, "max": 1.5},
    {"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1},
    {"distribution": "q_log_uniform", "min": 0, "max": 5},
    {"distribution": "q_log_uniform", "min": -2, "max": 5, "q": 0.5},
    {"distribution": "q_log_uniform_values", "min": 17, "max": 250, "q": 8},
    {"distribution": "q_log_uniform_values", "min": 0.1, "max": 5},
    {"distribution": "inv_log_uniform", "min": -1, "max": 3},
    {"distribution": "inv_log_uniform_values", "min": 1, "max": 9},
    {"distribution": "normal"},
    {"distribution": "normal", "mu": -3, "sigma": 0.5},
    {"distribution": "q_normal", "mu": 5, "sigma": 20},
    {"distribution": "q_normal", "mu": 0.3, "sigma": 2, "q": 0.5},
    {"distribution": "log_normal", "mu": 1, "sigma": 2},
    {"distribution": "q_log_normal", "mu": 1, "sigma": 2, "q": 3},
    {"distribution": "beta"},
    {"distribution": "beta", "a": 2, "b": 0.5},
    {"distribution": "q_beta", "a": 3, "b": 4, "q": 0.1},
    {"distribution": "q_beta"},
]


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return bool(found == pytest.approx(expected, rel=1e-7, abs=1e-9))
    return bool(found == expected)


def test_every_distribution_has_an_example() -> None:
    named = {example.get("distribution") for example in EXAMPLES}
    assert DISTRIBUTIONS.keys() - named <= {
        "constant",
        "categorical",
        "categorical_w_probabilities",
        "int_uniform",
    }


@pytest.mark.parametrize("parameter", EXAMPLES, ids=str)
def test_quantiles_are_wandbs(reference: Reference, parameter: dict[str, Any]) -> None:
    expected = reference.ask("quantiles", parameter, UNITS)
    distribution = distribution_of(**convert_parameter(parameter))
    found = [distribution.at(unit) for unit in UNITS]
    assert all(map(same, found, expected)), f"{found} is not {expected}"
    assert all(distribution.holds(value) for value in found)


numbers = st.sampled_from([-5, -1, 0, 1, 2, 7, 100, -0.5, 0.0, 1e-5, 0.1, 0.3, 1.0, 2.5, 1e3])
anything = numbers | st.sampled_from([None, True, "a", "0.1", [], [1], {"a": 1}])
names_of_keys = ["value", "values", "probabilities", "min", "max", "q", "mu", "sigma", "a", "b"]
arbitrary = st.dictionaries(st.sampled_from([*names_of_keys, "maximum"]), anything, max_size=4)


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    """Mostly what belongs together, with a few mistakes."""
    kind = draw(st.sampled_from(sorted(DISTRIBUTIONS)))
    given: dict[str, Any] = {}
    for key in DISTRIBUTIONS[kind]:
        if draw(st.integers(0, 9)):
            lists = st.lists(anything, max_size=3)
            shares = st.sampled_from([[0.5, 0.5], [1], [0.2, 0.3, 0.5], [0.1], ["x"], [-1, 2]])
            by_key = {"value": anything, "values": lists, "probabilities": shares}
            given[key] = draw(by_key.get(key, numbers))
    if "min" in given and "max" in given and draw(st.booleans()):
        given["min"], given["max"] = sorted((given["min"], given["max"]))
    if draw(st.integers(0, 3)):
        given["distribution"] = kind
    if not draw(st.integers(0, 4)):
        given |= draw(arbitrary)
    return given


@given(parameter=parameters() | arbitrary)
@settings(max_examples=400)
def test_files_that_wandb_refuses_are_refused_and_others_mean_the_same(
    reference: Reference, parameter: dict[str, Any]
) -> None:
    config = {"method": "random", "parameters": {"x": parameter}}
    refused = reference.ask("violations", config)
    try:
        distribution = distribution_of(**convert_parameter(parameter))
    except UnsupportedError as error:
        if not refused:
            assert_fails_at_wandb_too(reference, parameter, str(error))
        return
    assert not refused, f"{parameter} is accepted here, but at W&B: {refused}"
    expected = reference.ask("quantiles", parameter, UNITS)
    assume(-(2**63) not in expected)  # their whole numbers overflow
    found = [distribution.at(unit) for unit in UNITS]
    assert all(map(same, found, expected)), f"{found} is not {expected}"


def assert_fails_at_wandb_too(reference: Reference, parameter: dict[str, Any], why: str) -> None:
    """What the validator lets through and we do not: it draws NaN or nothing at all."""
    try:
        drawn = reference.ask("quantiles", parameter, UNITS)
    except WandbError:
        return
    assume("out of range" not in why and "the same number" not in why)
    assert "with 0 W&B draws NaN" in why, f"{parameter} is refused here: {why}"
    assert all(value != value or value in (0, 1) or abs(value) > 2**60 for value in drawn)


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ({"distribution": "gamma"}, "distribution", '"gamma" is not a distribution of W&B'),
        ({"distribution": "q_unifrom"}, "distribution", "did you mean q_uniform?"),
        ({"distribution": "normal", "min": 0, "max": 1}, "min", "does not belong to normal"),
        ({"min": 0.0, "max": 1, "q": 0.1}, "q", "does not belong to uniform, which takes min and"),
        ({"value": 1, "values": [2]}, "value", "does not belong to categorical"),
        ({"min": 0.3, "max": 0.1}, "min", "must be less than max, got 0.3 and 0.1: they are rev"),
        ({"minimum": 1, "max": 2}, "min", "is missing"),
        ({"valeus": [1]}, "valeus", "unknown key, did you mean values?"),
        ({"max": 2}, "min", "is missing"),
        ({"mu": 0}, "", "needs a distribution, such as normal"),
        ({}, "", "needs a value, values, or min and max"),
        ({"min": "low", "max": 2}, "min", 'must be a number, got "low"'),
        ({"min": "0.1", "max": 2}, "min", 'got "0.1". Leave out the quotes'),
        ({"values": 1}, "values", "must be a list of values, got 1"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, "probabilities", "must add up to 1"),
        ({"values": [1, 2], "probabilities": [1]}, "probabilities", "needs one for each value"),
        ({"distribution": "normal", "sigma": 0}, "sigma", "must be above 0, got 0: with 0 W&B"),
        ({"distribution": "log_uniform", "min": 0, "max": 1e4}, "max", "is out of range"),
        ({"distribution": "int_uniform", "min": 1.0, "max": 3}, "min", "must be a whole number"),
        (0.1, "", 'must be an object, such as {"value": 0.1}'),
    ],
)
def test_mistake_is_named_with_its_key(given: Any, key: str, message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        convert_parameter(given)
    assert message in str(caught.value)
    assert caught.value.key == key


def test_numbers_in_scientific_notation_are_numbers() -> None:
    values = [Scientific("1e-4"), Scientific("3e6"), "1e-4"]
    found = convert_parameter({"values": values})["candidates"]
    assert found == [0.0001, 3_000_000, "1e-4"]
    assert [type(value) for value in found] == [float, int, str]
    bounds = convert_parameter({"min": "1e-5", "max": Scientific("1e3")})
    assert bounds == {"type": "uniform", "min": 1e-5, "max": 1000.0}
