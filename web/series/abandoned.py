"""The values that a training logged before it continued from an earlier step, as one faint line.

A training may continue several times. Between two abandoned branches the line has a gap, a value
that is not a number: no training led from one to the other.
"""

import numpy as np
import numpy.typing as npt

from .thinning import Points, sort_by_step, thin

_BUCKETS = 128


def abandoned_line(abandoned: Points, counted: Points) -> Points:
    """Return the values that no longer count, sorted by step, thinned, with gaps.

    Args:
        abandoned: in the order in which they were logged.
        counted: the other values of the metric.
    """
    branches = _branches(abandoned, counted)
    numbered = Points(abandoned.step, branches, abandoned.value)
    ordered, branch = sort_by_step(abandoned), sort_by_step(numbered).wall_time
    thinned = thin(ordered, _BUCKETS)
    branch = branch[np.searchsorted(ordered.step, thinned.step)]
    gaps = np.flatnonzero(branch[1:] != branch[:-1])
    return Points(
        np.insert(thinned.step, gaps + 1, thinned.step[gaps]),
        np.insert(thinned.wall_time, gaps + 1, thinned.wall_time[gaps]),
        np.insert(thinned.value, gaps + 1, np.nan),
    ).copied()


def _branches(abandoned: Points, counted: Points) -> npt.NDArray[np.float64]:
    """Return the branch of each value: a new one after a step back, and after values that count."""
    n_before = np.searchsorted(np.sort(counted.wall_time), abandoned.wall_time)
    is_new = (abandoned.step[1:] <= abandoned.step[:-1]) | (n_before[1:] != n_before[:-1])
    return np.cumsum(np.append(0.0, is_new))
