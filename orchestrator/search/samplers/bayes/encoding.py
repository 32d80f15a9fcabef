"""Combinations as rows of numbers from 0 to 1, for models. Pure."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from ...choices import Choice
from ...distributions import Distribution
from ...space import Space
from ..quantiles import position_of, quantile_of

_ABSENT = 0.5
_APART = math.sqrt(0.5)
"""Scales the columns of a choice: two candidates have a distance of 1."""


class Encoding:
    """Encodes the combinations of a search space for a model.

    A number is its quantile, a choice without an order a column for each candidate. An absent value
    is in the middle.

    Attributes:
        groups: which hyperparameter each column belongs to, `(n_columns,)`.
    """

    def __init__(self, space: Space) -> None:
        self._kinds = [(name, space.hyperparameters[name]) for name in space.sampled]
        widths = [_width(kind) for _, kind in self._kinds]
        self.groups: npt.NDArray[np.intp] = np.repeat(np.arange(len(widths)), widths)

    def rows(self, combinations: Sequence[Mapping[str, JsonValue]]) -> npt.NDArray[np.float64]:
        """Encode combinations, `(n, n_columns)`."""
        return np.array([self.row(one) for one in combinations], dtype=np.float64)

    def row(self, combination: Mapping[str, JsonValue]) -> list[float]:
        """Encode a combination, `(n_columns,)`."""
        row: list[float] = []
        for name, kind in self._kinds:
            width = _width(kind)
            if name not in combination:
                row += [_ABSENT] if width == 1 else [0.0] * width
            elif width == 1:
                row.append(quantile_of(kind, combination[name]))
            elif isinstance(kind, Choice):
                place = position_of(kind, combination[name])
                row += [_APART if n == place else 0.0 for n in range(width)]
        return row


def _width(kind: Distribution) -> int:
    """Return how many columns a hyperparameter has."""
    is_unordered = isinstance(kind, Choice) and not kind.ordered and kind.count > 2
    return (kind.count or 1) if is_unordered else 1
