"""Histograms that somebody else has counted."""

import math
from itertools import pairwise

from ..kinds import MOST_BINS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def summary_of_counts(
    counts: "Sequence[float]",
    edges: "Sequence[float]",
    number: int | None,
    minimum: float | None,
    maximum: float | None,
    mean: float | None,
) -> "dict[str, object]":
    """What is kept of a histogram: as `histograms.summarize` returns it.

    Raises:
        ValueError: there are no such bins.
    """
    amounts, limits = [float(one) for one in counts], [float(one) for one in edges]
    if len(limits) != len(amounts) + 1 or any(a > b for a, b in pairwise(limits)):
        raise ValueError(
            f"edges are ascending numbers, one more than counts, not {len(limits)} for "
            f"{len(amounts)} counts"
        )
    if any(not amount >= 0 or math.isinf(amount) for amount in amounts):
        raise ValueError("counts are numbers from 0 on")
    low = limits[0] if minimum is None else float(minimum)
    high = limits[-1] if maximum is None else float(maximum)
    limits = [min(max(limit, low), high) for limit in limits]  # open ends, as TensorBoard's
    amounts, limits = _together(amounts, limits)
    total = sum(amounts)
    if mean is None and total:
        mean = sum(a * (b + c) / 2 for a, (b, c) in zip(amounts, pairwise(limits), strict=True))
        mean /= total
    found: dict[str, object] = {"number": int(total) if number is None else number}
    if total:
        whole = [int(amount) if amount.is_integer() else amount for amount in amounts]
        found.update(minimum=low, maximum=high, mean=mean, counts=whole, edges=limits)
    return found


def _together(counts: list[float], edges: list[float]) -> tuple[list[float], list[float]]:
    """At most `MOST_BINS` bins: of more some are put together."""
    size = -(-len(counts) // MOST_BINS) or 1
    parts = [sum(counts[n : n + size]) for n in range(0, len(counts), size)]
    return parts, [*edges[:-1:size], edges[-1]]
