"""How strongly values rise and fall together, by their ranks. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Return ranks from 1. Equal values share the mean of theirs."""
    given = np.asarray(values, dtype=float)
    _, inverse, counts = np.unique(given, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: NDArray[np.float64] = last - (counts - 1) / 2
    return means[inverse.reshape(-1)]


def spearman(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return Spearman's ρ, from -1 to 1 (C. Spearman, 1904), or None if one is constant.

    With ties it is the correlation of the mean ranks.
    """
    x, y = ranks(left), ranks(right)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else None


def explained_by_order(places: Sequence[float], values: Sequence[float]) -> float | None:
    """Return the share of the values' ranks that goes with a number, from 0 to 1. None means
    constant.

    The larger of ρ² and, if there are enough runs, of the η² between its quantile groups (ten at
    most), adjusted for their number (T. L. Kelley, 1935), which finds a best in the middle too.
    """
    correlation = spearman(places, values)
    if correlation is None:
        return None
    n_groups = min(10, len(places) // 10)
    if n_groups < 3:
        return correlation**2
    order = (ranks(places) - 1) * n_groups / len(places)
    groups = [int(place) for place in order]
    share = explained_by_groups(groups, values) or 0.0
    n, n_groups = len(places), len(set(groups))
    return max(correlation**2, 1 - (1 - share) * (n - 1) / (n - n_groups))


def explained_by_groups(groups: Sequence[object], values: Sequence[float]) -> float | None:
    """Return the share of the ranks' variance between groups, from 0 to 1. None means constant.

    η² of the Kruskal–Wallis test: H = (n - 1) η² (W. H. Kruskal and W. A. Wallis, 1952).
    """
    given = ranks(values)
    given = given - given.mean()
    total = float(given @ given)
    if total == 0:
        return None
    between = 0.0
    numbers: dict[object, int] = {}
    of = np.array([numbers.setdefault(group, len(numbers)) for group in groups])
    for number in range(len(numbers)):
        own = given[of == number]
        between += len(own) * float(own.mean()) ** 2
    return between / total
