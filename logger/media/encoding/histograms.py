"""Convert values to counts between edges, and their exact minimum, maximum, mean and number."""

import math
from itertools import pairwise

from ...given import as_whole, described, in_short
from ..edges import equal_edges
from ..kinds import MOST_BINS
from .arrays import as_numpy, is_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, SupportsIndex


def summarize_values(
    values: "Any", bins: "SupportsIndex | Sequence[float]" = 64
) -> "dict[str, object]":
    """Summarize values as a histogram.

    Returns:
        `counts`; `edges`, one more, or for equal bins only the first and the last. `number` of all
        values, `minimum`, `maximum` and `mean` of the finite ones, and how many were not finite
        (`n_not_finite`), if any.

    Raises:
        TypeError: they are no numbers.
        ValueError: there are no such bins.
    """
    n_bins, edges = _checked_bins(bins)
    if not is_array(values):
        if isinstance(values, (int, float)):
            values = [values]
        try:
            import numpy
        except ImportError:
            return _of_list(_floats(values), edges, n_bins)
        values = values if isinstance(values, (list, tuple)) else list(values)
    else:
        import numpy
    with numpy.errstate(all="ignore"):  # a warning about huge values would be shown to the user
        return _of_array(_numbers(values), edges, n_bins)


def _checked_bins(bins: "SupportsIndex | Sequence[float]") -> "tuple[int, list[float] | None]":
    """Return how many equal bins there are, or else the edges of bins."""
    n_bins = as_whole(bins)
    if n_bins is None:
        edges = _checked_edges(bins)
        return len(edges) - 1, edges
    if isinstance(bins, bool):
        raise TypeError(f"bins is a number of bins or their edges, not {bins}")
    if not 1 <= n_bins <= MOST_BINS:
        raise ValueError(f"bins={in_short(bins)} is not from 1 to {MOST_BINS}")
    return n_bins, None


def _checked_edges(bins: "Any") -> list[float]:
    try:
        edges = [float(edge) for edge in bins]
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"bins is a number of bins or their edges, not {described(bins)}") from None
    is_ascending = all(a < b for a, b in pairwise(edges)) and all(map(math.isfinite, edges))
    if not 2 <= len(edges) <= MOST_BINS + 1 or not is_ascending:
        raise ValueError(
            f"the edges of bins are 2 to {MOST_BINS + 1} ascending finite numbers, not "
            f"{in_short(edges)}. Values beyond the last edge are counted in no bin, but minimum "
            "and maximum include them"
        )
    return edges


def _numbers(values: "Any") -> "Any":
    import numpy

    array = as_numpy(values).ravel()
    if array.dtype.kind == "b":
        array = array.astype(numpy.uint8)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"a histogram needs numbers, not {array.dtype}")
    return array


def _of_array(array: "Any", edges: "list[float] | None", n_bins: int) -> "dict[str, object]":
    import numpy

    number = n_finite = int(array.size)
    low, high = (float(array.min()), float(array.max())) if number else (0.0, 0.0)
    if not (math.isfinite(low) and math.isfinite(high)):
        array = array[numpy.isfinite(array)]
        n_finite = int(array.size)
        low, high = (float(array.min()), float(array.max())) if n_finite else (0.0, 0.0)
    if not n_finite:
        return _summary([], edges or [], number, 0, 0.0, 0.0, 0.0)
    if edges is not None:
        counts, _ = numpy.histogram(array, edges)
        kept = edges
    else:
        counts, kept = _equal_bins(array, n_bins, low, high)
    mean = float(array.mean(dtype=numpy.float64))
    if not math.isfinite(mean):  # the sum of huge values
        mean = float((array / n_finite).sum(dtype=numpy.float64))
    return _summary(counts.tolist(), kept, number, n_finite, low, high, mean)


def _equal_bins(array: "Any", n_bins: int, low: float, high: float) -> "tuple[Any, list[float]]":
    import numpy

    if low == high:
        return numpy.array([array.size]), [low, high]
    if not math.isfinite(high - low):
        counts, _ = numpy.histogram(array / 4, n_bins, (low / 4, high / 4))
        return counts, [low, high]
    # numpy counts float32 twice as fast if the limits are float32 too
    limits = (array.dtype.type(low), array.dtype.type(high)) if array.dtype.kind == "f" else None
    try:
        counts, _ = numpy.histogram(array, n_bins, limits or (low, high))
    except ValueError:  # they differ by less than floats can represent
        counts = numpy.array([array.size])
    return counts, [low, high]


def _floats(values: "Any") -> "list[float]":
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        raise TypeError("a histogram needs numbers: a list, an array or a tensor") from None


def _of_list(
    values: "list[float]", edges: "list[float] | None", n_bins: int
) -> "dict[str, object]":
    """Summarize without numpy."""
    from bisect import bisect_right

    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return _summary([], edges or [], len(values), 0, 0.0, 0.0, 0.0)
    low, high = min(finite), max(finite)
    kept = edges or [low, high]
    n_bins = 1 if low == high else n_bins
    ends = edges or equal_edges(low, high, n_bins)
    counts = [0] * (len(ends) - 1)
    for value in finite:
        if ends[0] <= value <= ends[-1]:
            counts[min(bisect_right(ends, value), len(counts)) - 1] += 1
    mean = math.fsum(value / len(finite) for value in finite)
    return _summary(counts, kept, len(values), len(finite), low, high, mean)


def _summary(
    counts: "list[int]",
    edges: "Sequence[float]",
    number: int,
    n_finite: int,
    low: float,
    high: float,
    mean: float,
) -> "dict[str, object]":
    found: dict[str, object] = {"number": number}
    if n_finite:
        found.update(minimum=low, maximum=high, mean=mean, counts=counts, edges=list(edges))
    if n_finite < number:
        found["n_not_finite"] = number - n_finite
    return found
