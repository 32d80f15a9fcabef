"""Find the distinct numbers among many, if there are few."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_MOST_TRIED = 8
_MOST_FEW = 1 << 16


def distinct(numbers: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Find where each distinct number first occurs, in that order, and which of these each one is.

    The first few are searched one after the other, which is faster than sorting.

    Args:
        numbers: shape (n,).

    Returns:
        shape (n_different,) and shape (n,).
    """
    which = np.full(len(numbers), _MOST_FEW - 1, np.uint16)
    first: list[int] = []
    at = 0 if len(numbers) else -1
    while at >= 0 and len(first) < _MOST_TRIED:
        which[numbers == numbers[at]] = len(first)
        first.append(at)
        is_left = which == _MOST_FEW - 1
        at = int(is_left.argmax()) if is_left.any() else -1
    if at < 0:
        return np.array(first, np.int64), which
    return _by_sorting(numbers)


def _by_sorting(numbers: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    _, places, unordered = np.unique(numbers, return_index=True, return_inverse=True)
    order = np.argsort(places)
    ranks = np.empty(len(order), np.uint16 if len(order) < _MOST_FEW else np.int64)
    ranks[order] = np.arange(len(order))
    return places[order].astype(np.int64), ranks[unordered]
