"""Expressions over whole columns of numbers, such as the values of metrics at each step.

The value at each place is that of `Expression.evaluate` for the values there, and NaN if that has
none (a division by zero, the logarithm of 0). Numpy computes it, a column at a time. Pure.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from .expression import Expression, ExpressionError

NumberColumn = npt.NDArray[np.float64]
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


def evaluate_columns(
    expression: Expression, values: Mapping[str, NumberColumn], n: int
) -> NumberColumn:
    """Return the values of an expression at `n` places. True is 1 and false 0.

    Raises:
        ExpressionError: it contains a string or a list, which do not fit columns of numbers.
    """
    with np.errstate(all="ignore"):
        found = np.asarray(_evaluate(expression.tree, values), np.float64)
    return np.broadcast_to(found, (n,)).copy()


def _evaluate(node: ast.expr, values: Mapping[str, NumberColumn]) -> NumberColumn:
    match node:
        case ast.Constant(value=bool() | int() | float() as number):
            return np.asarray(number, np.float64)
        case ast.Name():
            return values[node.id]
        case ast.BoolOp():
            parts = [_is_true(_evaluate(item, values)) for item in node.values]
            both = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return _number(reduce(both, parts))
        case ast.UnaryOp():
            return _unary(node.op, _evaluate(node.operand, values))
        case ast.BinOp():
            return _binary(node.op, _evaluate(node.left, values), _evaluate(node.right, values))
        case ast.IfExp():
            chosen = (_evaluate(node.body, values), _evaluate(node.orelse, values))
            return np.where(_is_true(_evaluate(node.test, values)), *chosen)
        case ast.Compare():
            return _compare(node, values)
        case ast.Call(func=ast.Name(id=name)):
            return _call(name, [_evaluate(item, values) for item in node.args])
    raise ExpressionError(f"{ast.unparse(node)} is not a number, but values of metrics are")


def _unary(op: ast.unaryop, value: NumberColumn) -> NumberColumn:
    if isinstance(op, ast.Not):
        return _number(np.logical_not(_is_true(value)))
    return np.negative(value) if isinstance(op, ast.USub) else value


def _binary(op: ast.operator, left: NumberColumn, right: NumberColumn) -> NumberColumn:
    found: NumberColumn = _BINARY[type(op)](left, right)
    if isinstance(op, _DIVISIONS):
        return np.where(right == 0, np.nan, found)
    if isinstance(op, ast.Pow):  # too large, or 0 to the power of a negative number
        is_given = np.isfinite(left) & np.isfinite(right)
        return np.where(is_given & ~np.isfinite(found), np.nan, found)
    return found


def _compare(node: ast.Compare, values: Mapping[str, NumberColumn]) -> NumberColumn:
    sides = [_evaluate(side, values) for side in (node.left, *node.comparators)]
    if any(type(op) not in _COMPARISONS for op in node.ops):
        raise ExpressionError("'in' needs a list, and values of metrics are numbers")
    pairs = zip(node.ops, sides[:-1], sides[1:], strict=True)
    return _number(reduce(np.logical_and, (_COMPARISONS[type(op)](a, b) for op, a, b in pairs)))


def _call(name: str, given: Sequence[NumberColumn]) -> NumberColumn:
    if not given:
        raise ExpressionError(f"{name} needs a number")
    if name in ("min", "max"):
        return reduce(np.minimum if name == "min" else np.maximum, given)
    if name == "abs" and len(given) == 1:
        return np.abs(given[0])
    if name == "log" and len(given) <= 2:
        logs = [np.where(one > 0, np.log(one), np.nan) for one in given]
        return logs[0] if len(logs) == 1 else _binary(ast.Div(), logs[0], logs[1])
    raise ExpressionError(f"{name} takes fewer numbers")


def _is_true(value: NumberColumn) -> npt.NDArray[np.bool_]:
    return np.not_equal(value, 0)


def _number(value: npt.NDArray[np.bool_]) -> NumberColumn:
    return np.asarray(value, np.float64)
