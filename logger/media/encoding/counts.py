"""Histograms that are already counted."""

import math
from itertools import pairwise

from ...given import as_whole, described, in_short
from ..kinds import MOST_BINS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import SupportsIndex

_MOST_NUMBER = (1 << 63) - 1


def summary_of_counts(
    counts: "Sequence[float]",
    edges: "Sequence[float]",
    number: "SupportsIndex | None",
    minimum: float | None,
    maximum: float | None,
    mean: float | None,
) -> "dict[str, object]":
    """Return what is kept of a histogram, as `histograms.summarize` does.

    Raises:
        TypeError: the number of values is no whole number.
        ValueError: there are no such bins.
    """
    amounts, limits = _checked_bins(counts, edges)
    total = sum(amounts)
    found: dict[str, object] = {"number": _checked_number(total, number)}
    if not total:
        return found
    low = limits[0] if minimum is None else float(minimum)
    high = limits[-1] if maximum is None else float(maximum)
    _check_ends(low, high)
    limits = [min(max(limit, low), high) for limit in limits]  # open ends, as TensorBoard's
    amounts, limits = _together(amounts, limits)
    mean = _mean(amounts, limits, total) if mean is None else float(mean)
    whole = [int(amount) if amount.is_integer() else amount for amount in amounts]
    found.update(minimum=low, maximum=high, mean=mean, counts=whole, edges=limits)
    if not math.isfinite(mean):  # JSON has no such numbers
        del found["mean"]
    return found


def _checked_bins(
    counts: "Sequence[float]", edges: "Sequence[float]"
) -> tuple[list[float], list[float]]:
    amounts, limits = [float(one) for one in counts], [float(one) for one in edges]
    if len(limits) != len(amounts) + 1 or not all(a <= b for a, b in pairwise(limits)):
        raise ValueError(
            f"edges are ascending numbers, one more than counts, not {len(limits)} for "
            f"{len(amounts)} counts: {in_short(limits)}"
        )
    for amount in amounts:
        if not 0 <= amount <= _MOST_NUMBER:
            raise ValueError(f"counts are numbers from 0 to 2**63 - 1, not {amount}")
    return amounts, limits


def _checked_number(total: float, number: "SupportsIndex | None") -> int:
    """Return how many values there are, by default as many as were counted."""
    found = int(total) if number is None else as_whole(number)
    if found is None or isinstance(number, bool):
        raise TypeError(f"number is how many values there are, not {described(number)}")
    if found < 0:
        raise ValueError(f"number is how many values there are, from 0 on, not {found}")
    if max(found, total) > _MOST_NUMBER:
        raise ValueError(
            f"the histogram has {max(found, total):g} values, but 2**63 - 1 is the most. Divide "
            "its counts by a number"
        )
    return found


def _check_ends(low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(
            f"a histogram goes from a finite number to one that is not smaller, not from {low} to "
            f"{high}. If its first or last edge is infinite, pass minimum= and maximum= of the "
            "values"
        )


def _mean(counts: list[float], edges: list[float], total: float) -> float:
    """Estimate the mean: all values of a bin are taken to be in its middle."""
    middles = [low / 2 + high / 2 for low, high in pairwise(edges)]
    return sum(count / total * middle for count, middle in zip(counts, middles, strict=True))


def _together(counts: list[float], edges: list[float]) -> tuple[list[float], list[float]]:
    """Merge bins so that at most `MOST_BINS` are left."""
    size = -(-len(counts) // MOST_BINS) or 1
    parts = [sum(counts[n : n + size]) for n in range(0, len(counts), size)]
    return parts, [*edges[:-1:size], edges[-1]]
