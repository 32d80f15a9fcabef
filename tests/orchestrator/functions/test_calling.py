"""How a function takes its hyperparameters."""

from collections.abc import Callable
from typing import Any

import pytest

from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.functions.calling import call, calling_problem
from ml_tracking_ops.orchestrator.functions.naming import name_function

VALUES = {"lr": 0.1, "size": 3}


def by_name(lr: float, size: int, extra: str = "") -> object:
    return lr, size, extra


def with_rest(lr: float, **rest: Any) -> object:
    return lr, rest


def in_mapping(settings: dict[str, Any]) -> object:
    return settings


def of_others(lr: float, depth: int) -> object:
    return lr, depth


def of_nothing() -> object:
    return None


@pytest.mark.parametrize(
    ("function", "returned"),
    [(by_name, (0.1, 3, "")), (with_rest, (0.1, {"size": 3})), (in_mapping, VALUES)],
)
def test_function_gets_hyperparameters_as_it_takes_them(
    function: Callable[..., Any], returned: object
) -> None:
    assert calling_problem(function, list(VALUES)) is None
    assert call(function, VALUES) == returned


@pytest.mark.parametrize("function", [of_others, of_nothing])
def test_function_that_cannot_be_called_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match=r"neither with the hyperparameters \(lr, size\)"):
        name_function(function, VALUES)


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        ({}, "got no settings"),
        ({"max_runs": 3, "hyperparameter": VALUES}, "got only max_runs, hyperparameter"),
        ({"hyperparameters": [1]}, r"got \[1\]"),
    ],
)
def test_sweep_of_a_function_without_hyperparameters_is_refused(
    settings: dict[str, Any], given: str
) -> None:
    with pytest.raises(UsageError, match=rf"needs hyperparameters, a mapping, {given}"):
        run_sweep(by_name, **settings)


def test_function_of_a_module_is_named_after_it() -> None:
    named = name_function(by_name, VALUES)
    assert named.pickled is None
    assert named.reference[:2] == ("--module", f"{__name__}:by_name")


def test_nested_function_is_pickled() -> None:
    factor = 2.0

    def scaled(lr: float, size: int) -> float:
        return factor * lr * size

    named = name_function(scaled, VALUES)
    assert named.pickled
    assert named.reference == ("--pickle", "${logdir}/function.pickle", "scaled")
