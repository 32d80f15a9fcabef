"""Expressions that are evaluated safely: constraints between hyperparameters, filters of tables.

Only numbers, strings, lists, names of values, arithmetic, comparisons, `and`, `or`, `not`, and the
functions min, max, abs and log are allowed. Nothing is passed to Python's own evaluation, and no
intermediate value can grow without bound.
"""

import ast
import math
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .names import with_identifiers

LONGEST_EXPRESSION = 1_000
_DEEPEST = 100
_MOST_BITS = 4_096
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max, "abs": abs, "log": math.log}


class ExpressionError(ValueError):
    """An expression is not understood, or does not fit its values."""


class Expression:
    """One expression over named values.

    Args:
        known: the names that it may use, needed for names that are no identifiers.

    Raises:
        ExpressionError: it is not understood. The message names the part.
    """

    def __init__(self, text: str, known: Collection[str] = ()) -> None:
        self.text = text
        if len(text) > LONGEST_EXPRESSION:
            raise ExpressionError(f"is longer than {LONGEST_EXPRESSION} characters")
        spelled, names = with_identifiers(text.strip(), known)
        try:
            tree = ast.parse(spelled, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ExpressionError(f"is not an expression: {getattr(error, 'msg', error)}") from None
        self.tree: ast.expr = _Names(names, bool(known)).visit(tree)
        self.names: frozenset[str] = frozenset(_check(self.tree, 0))

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return its value, or None if it has none: a division by zero, or a number too large.

        Raises:
            ExpressionError: the values are of the wrong kind for it.
        """
        try:
            return _evaluate(self.tree, values)
        except (ZeroDivisionError, OverflowError, ExpressionDomainError):
            return None
        except TypeError as error:
            raise ExpressionError(f"does not fit the values: {error}") from None

    def check_truth(self, flags: Collection[str] = ()) -> None:
        """Check that it is true or false, as a comparison is.

        Args:
            flags: the names whose values may be true or false.

        Raises:
            ExpressionError: it, or a part that `and`, `or`, `not` or `if` joins, is anything else.
        """
        part = _no_truth(self.tree, flags)
        if part is not None:
            raise ExpressionError(
                f"is neither true nor false: write a comparison, such as {ast.unparse(part)} <= 0"
            )

    def margin(self, values: Mapping[str, Any]) -> float | None:
        """Return by how much a comparison misses, at most 0 if it holds, or None if it has no
        value.

        `a <= b` misses by `a - b`. A chain and `and` miss by the sum of their parts, `or` by the
        least of them. Anything else misses by 1 or holds.

        Raises:
            ExpressionError: the values are of the wrong kind for it.
        """
        try:
            return _margin(self.tree, values)
        except (ZeroDivisionError, OverflowError, ExpressionDomainError):
            return None
        except TypeError as error:
            raise ExpressionError(f"does not fit the values: {error}") from None


class _Names(ast.NodeTransformer):
    """Replaces the names of values by their identifiers.

    `a.b` counts as a name too, so that a misspelt one is reported as such.
    """

    def __init__(self, names: Mapping[str, str], takes_dots: bool) -> None:
        self._names = names
        self._takes_dots = takes_dots

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(id=self._names.get(node.id, node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        inner = self.visit(node.value)
        if self._takes_dots and isinstance(inner, ast.Name):
            return ast.Name(id=f"{inner.id}.{node.attr}")
        return ast.Attribute(value=inner, attr=node.attr)


class ExpressionDomainError(ArithmeticError):
    """A value for which an expression is not defined, such as the logarithm of 0."""


def _check(node: ast.AST, depth: int) -> set[str]:
    """Check an expression, and return the names in it."""
    if depth > _DEEPEST:
        raise ExpressionError("is nested too deeply")
    children: list[ast.expr] = []
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            pass
        case ast.Name(id=name):
            return {name}
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.BoolOp(values=items):
            children = items
        case ast.BinOp(left=left, op=op, right=right) if type(op) in (*_BINARY, ast.Pow):
            children = [left, right]
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
            children = [operand]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            type(op) in _COMPARISONS for op in ops
        ):
            children = [left, *others]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            children = [test, body, orelse]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            children = args
        case _:
            raise ExpressionError(_refusal(node))
    return set().union(*(_check(child, depth + 1) for child in children))


def _refusal(node: ast.AST) -> str:
    return (
        f"{ast.unparse(node)!r} is not understood. Allowed are numbers, strings, lists, names of "
        "values, + - * / // % **, comparisons, and, or, not, in, "
        f"{', '.join(_FUNCTIONS)}"
    )


def _no_truth(node: ast.expr, flags: Collection[str]) -> ast.expr | None:
    """Return a part that should be true or false and is neither, or None."""
    parts: list[ast.expr] = []
    match node:
        case ast.Compare() | ast.Constant(value=bool()):
            return None
        case ast.Name(id=name) if name in flags:
            return None
        case ast.BoolOp(values=values):
            parts = values
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            parts = [operand]
        case ast.IfExp(body=body, orelse=orelse):
            parts = [body, orelse]
        case _:
            return node
    return next((found for part in parts if (found := _no_truth(part, flags)) is not None), None)


def _evaluate(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return values[node.id]
        case ast.List() | ast.Tuple():
            return [_evaluate(item, values) for item in node.elts]
        case ast.BoolOp():
            decide = all if isinstance(node.op, ast.And) else any
            return decide(_evaluate(item, values) for item in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _evaluate(node.operand, values)
        case ast.UnaryOp():
            return _UNARY[type(node.op)](_number(_evaluate(node.operand, values)))
        case ast.BinOp():
            return _binary(node.op, _evaluate(node.left, values), _evaluate(node.right, values))
        case ast.IfExp():
            chosen = node.body if _evaluate(node.test, values) else node.orelse
            return _evaluate(chosen, values)
        case ast.Compare():
            return _compare(node, values)
        case ast.Call(func=ast.Name(id=name)):
            return _call(name, [_evaluate(item, values) for item in node.args])
    raise ExpressionError(_refusal(node))


def _binary(op: ast.operator, left: Any, right: Any) -> Any:
    left, right = _number(left), _number(right)
    if not isinstance(op, ast.Pow):
        return _bounded(_BINARY[type(op)](left, right))
    if isinstance(left, int) and isinstance(right, int) and right >= 0:
        if left.bit_length() * right > _MOST_BITS:
            raise OverflowError
        return left**right
    result = float(left) ** right
    if isinstance(result, complex):
        raise ExpressionDomainError
    return result


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise OverflowError
    return value


def _number(value: Any) -> Any:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value


def _compare(node: ast.Compare, values: Mapping[str, Any]) -> bool:
    left = _evaluate(node.left, values)
    for op, other in zip(node.ops, node.comparators, strict=True):
        right = _evaluate(other, values)
        if not _COMPARISONS[type(op)](left, right):
            return False
        left = right
    return True


def _margin(node: ast.expr, values: Mapping[str, Any]) -> float:
    match node:
        case ast.BoolOp(op=ast.And()):
            return _together([_margin(item, values) for item in node.values])
        case ast.BoolOp():
            return min(_margin(item, values) for item in node.values)
        case ast.Compare() if all(type(op) in _DISTANCES for op in node.ops):
            sides = [_evaluate(item, values) for item in (node.left, *node.comparators)]
            pairs = zip(node.ops, sides, sides[1:], strict=False)
            return _together([_distance(op, left, right) for op, left, right in pairs])
        case _:
            return 0.0 if _evaluate(node, values) else 1.0


def _together(margins: list[float]) -> float:
    missed = [margin for margin in margins if margin > 0]
    return math.fsum(missed) if missed else max(margins)


def _distance(op: ast.cmpop, left: Any, right: Any) -> float:
    distance = float(_DISTANCES[type(op)](_number(left), _number(right)))
    holds = _COMPARISONS[type(op)](left, right)
    return min(distance, 0.0) if holds else max(distance, _LEAST_MISS)


_DISTANCES: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.sub,
    ast.LtE: operator.sub,
    ast.Gt: lambda left, right: right - left,
    ast.GtE: lambda left, right: right - left,
    ast.Eq: lambda left, right: abs(left - right),
}
_LEAST_MISS = 1e-12
"""By how much `a < b` misses if both are equal."""


def _call(name: str, arguments: list[Any]) -> Any:
    if len(arguments) == 1 and isinstance(arguments[0], list) and name in ("min", "max"):
        arguments = arguments[0]
    numbers = [_number(argument) for argument in arguments]
    if not numbers:
        raise TypeError(f"{name} needs a number")
    if len(numbers) == 1 and name in ("min", "max"):
        return numbers[0]
    try:
        return _FUNCTIONS[name](*numbers)
    except ValueError:
        raise ExpressionDomainError from None
