"""The noise floor: how much runs of one combination differ. Pure, standard library only."""

import math
from collections.abc import Iterable

from ..store.sweep_record import SweepRecord
from .evidence import candidates_of


def spread_between_seeds(record: SweepRecord) -> float | None:
    """Return the standard deviation between runs of a combination, pooled over combinations.

    None if no combination has two values.
    """
    return pooled_deviation(list(one.values.values()) for one in candidates_of(record))


def pooled_deviation(groups: Iterable[list[float]]) -> float | None:
    """Return the standard deviation within groups of values, or None if no group has two."""
    squares, n_free = 0.0, 0
    for values in groups:
        mean = math.fsum(values) / len(values)
        squares += math.fsum((value - mean) ** 2 for value in values)
        n_free += len(values) - 1
    return math.sqrt(squares / n_free) if n_free > 0 else None


def is_noise(value: float, before: float | None, spread: float | None) -> bool:
    """Return whether a better value is no improvement: less than the spread between seeds
    better."""
    return before is not None and spread is not None and abs(value - before) < spread
