"""Which values of a log count: a writer that continues from an earlier step leaves a branch behind.

A log that is opened again begins a new session. From the first step that a session logs of a
metric, the values that earlier sessions logged at that step or beyond are abandoned: the training
continued from a checkpoint before it. Several values of one step within a session are repetitions,
and all of them count.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def are_kept(step: NDArray[np.int64], starts: Sequence[int]) -> NDArray[np.bool_]:
    """Return whether each value counts. The others belong to an abandoned branch.

    Args:
        step: of one metric in the order in which its values were logged, shape (n_points,).
        starts: where in `step` each session but the first begins, ascending.

    Returns:
        shape (n_points,).
    """
    kept = np.ones(len(step), np.bool_)
    bounds = [0, *starts, len(step)]
    limit: int | None = None
    for begin, end in reversed(list(pairwise(bounds))):
        if begin >= end:
            continue
        if limit is not None:
            kept[begin:end] = step[begin:end] < limit
        first = int(step[begin])
        limit = first if limit is None else min(limit, first)
    return kept
