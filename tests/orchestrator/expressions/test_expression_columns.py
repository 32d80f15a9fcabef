"""Expressions over columns say the same as over one value after the other."""

import math
import random

import numpy as np
import pytest

from ml_tracking_ops.orchestrator.expressions.columns import evaluate_columns
from ml_tracking_ops.orchestrator.expressions.expression import Expression, ExpressionError

VALUES = (-2.5, -1.0, 0.0, 0.5, 1.0, 3.0, 7.25)


@pytest.mark.parametrize(
    "text",
    [
        "a - b",
        "-a + 2 * b",
        "a / b",
        "a // b",
        "a % b",
        "abs(a) ** b",
        "log(a)",
        "log(a, b)",
        "min(a, b, 1)",
        "max(a, b)",
        "a > b",
        "0 < a < b",
        "a == b or not b",
        "a and b",
        "a if a >= b else b * 2",
        "3",
        "True",
    ],
)
def test_column_has_the_values_of_one_evaluation_after_the_other(text: str) -> None:
    expression = Expression(text)
    generator = random.Random(1)
    a, b = ([generator.choice(VALUES) for _ in range(200)] for _ in "ab")
    expected = [expression.evaluate({"a": x, "b": y}) for x, y in zip(a, b, strict=True)]
    found = evaluate_columns(expression, {"a": np.array(a), "b": np.array(b)}, 200)
    plain = [math.nan if one is None else float(one) for one in expected]
    assert found.tolist() == pytest.approx(plain, nan_ok=True)


def test_missing_and_too_large_numbers_are_none() -> None:
    a = np.array([np.nan, np.inf, 1e200])
    assert np.isnan(evaluate_columns(Expression("a * 2"), {"a": a}, 3)).tolist() == [
        True,
        False,
        False,
    ]
    assert np.isnan(evaluate_columns(Expression("a ** 2"), {"a": a}, 3)).tolist() == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("text", ["a + 'x'", "a in [1, 2]", "[1, 2]", "min([a, 1])", "abs(a, a)"])
def test_texts_and_lists_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate_columns(Expression(text), {"a": np.ones(2)}, 2)
