"""Constraints between hyperparameters: which combinations are allowed."""

from collections.abc import Mapping
from typing import Any

from ..expressions.expression import Expression
from ..expressions.expression import ExpressionError as ConstraintError

__all__ = ["Constraint", "ConstraintError"]


class Constraint(Expression):
    """An expression that is true for the allowed combinations."""

    def allows(self, values: Mapping[str, Any]) -> bool:
        """Return whether the values meet it. If one of its names is absent, it does not apply.

        A division by zero or a number too large is no.

        Raises:
            ConstraintError: the values are of the wrong kind for it.
        """
        return not self.names <= values.keys() or bool(self.evaluate(values))
