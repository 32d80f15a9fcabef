"""Values → counts between edges, and their exact minimum, maximum, mean and number."""

import math
from itertools import pairwise

from ..kinds import MOST_BINS
from .arrays import as_numpy, is_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def summarize_values(values: "Any", bins: "int | Sequence[float]" = 64) -> "dict[str, object]":
    """What is kept of values.

    Returns:
        `counts`, `edges`, one more, or of equal bins the first and the last alone. `number` of all
        values, `minimum`, `maximum` and `mean` of the finite ones, and how many were not finite
        (`n_not_finite`), if any.

    Raises:
        TypeError: they are no numbers.
        ValueError: there are no such bins.
    """
    edges = _checked_edges(bins)
    if not is_array(values):
        if isinstance(values, (int, float)):
            values = [values]
        try:
            import numpy  # noqa: F401
        except ImportError:
            return _of_list(_floats(values), edges, bins)
        values = values if isinstance(values, (list, tuple)) else list(values)
    return _of_array(_numbers(values), edges, bins)


def _checked_edges(bins: "int | Sequence[float]") -> "list[float] | None":
    if isinstance(bins, int) and not isinstance(bins, bool):
        if not 1 <= bins <= MOST_BINS:
            raise ValueError(f"bins={bins} is not from 1 to {MOST_BINS}")
        return None
    try:
        edges = [float(edge) for edge in bins]  # type: ignore[union-attr]
    except (TypeError, ValueError):
        raise TypeError(f"bins is a number of bins or their edges, not {bins!r}") from None
    is_ascending = all(a < b for a, b in pairwise(edges))
    if not 2 <= len(edges) <= MOST_BINS + 1 or not is_ascending:
        raise ValueError(f"the edges of bins are 2 to {MOST_BINS + 1} ascending numbers")
    return edges


def _numbers(values: "Any") -> "Any":
    import numpy

    array = as_numpy(values).ravel()
    if array.dtype.kind == "b":
        array = array.astype(numpy.uint8)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"a histogram needs numbers, not {array.dtype}")
    return array


def _of_array(array: "Any", edges: "list[float] | None", bins: "Any") -> "dict[str, object]":
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
        counts, kept = _equal_bins(array, bins, low, high)
    mean = float(array.mean(dtype=numpy.float64))
    if not math.isfinite(mean):  # the sum of huge values
        mean = float((array / n_finite).sum(dtype=numpy.float64))
    return _summary(counts.tolist(), kept, number, n_finite, low, high, mean)


def _equal_bins(array: "Any", bins: int, low: float, high: float) -> "tuple[Any, list[float]]":
    import numpy

    if low == high:
        return numpy.array([array.size]), [low, high]
    if not math.isfinite(high - low):
        counts, _ = numpy.histogram(array / 4, bins, (low / 4, high / 4))
        return counts, [low, high]
    # numpy counts float32 twice as fast where the limits are float32 too
    limits = (array.dtype.type(low), array.dtype.type(high)) if array.dtype.kind == "f" else None
    try:
        counts, _ = numpy.histogram(array, bins, limits or (low, high))
    except ValueError:  # they differ by less than floats between them can tell
        counts = numpy.array([array.size])
    return counts, [low, high]


def _floats(values: "Any") -> "list[float]":
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError):
        raise TypeError("a histogram needs numbers: a list, an array or a tensor") from None


def _of_list(
    values: "list[float]", edges: "list[float] | None", bins: "Any"
) -> "dict[str, object]":
    """The same without numpy."""
    from bisect import bisect_right

    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return _summary([], edges or [], len(values), 0, 0.0, 0.0, 0.0)
    low, high = min(finite), max(finite)
    kept = edges or [low, high]
    n_bins = 1 if low == high and edges is None else bins
    ends = edges or [low + (high / n_bins - low / n_bins) * i for i in range(n_bins)] + [high]
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
