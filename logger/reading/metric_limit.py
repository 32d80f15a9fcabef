"""Keep only the first metrics of a log with very many. The others are counted."""

from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from ..records import ID_SHIFT, KIND_END
from .checksums import Rows

Ids = NDArray[np.uint64]

_MOST_PENDING = 1 << 18


class MetricLimit:
    """Decides which records, given stretch by stretch, belong to one of the first metrics."""

    def __init__(self, max_metrics: int, always: Iterable[int] = ()) -> None:
        self._max_metrics = max_metrics
        self._always = np.array(sorted(always), np.uint64)
        self._kept: Ids | None = None
        self._left_out: list[Ids] = []
        self._n_pending = 0

    @property
    def n_left_out(self) -> int:
        """How many other metrics there are."""
        self._merge()
        return sum(len(part) for part in self._left_out)

    def may_be_passed(self, n_metrics: int) -> bool:
        """Return whether so many metrics, with those always kept, are too many."""
        return n_metrics > self._max_metrics or self._kept is not None

    def is_within(
        self, rows: Rows, kinds: NDArray[np.uint16], known: Collection[int]
    ) -> NDArray[np.bool_]:
        """Return a mask of intact records: those to keep. `known` are the metrics met so far."""
        if self._kept is None:
            self._kept = np.union1d(np.fromiter(known, np.uint64, len(known)), self._always)
        ids = rows[:, 0] >> np.uint64(ID_SHIFT)
        is_kept = (kinds == KIND_END) | _are_among(ids, self._kept)
        others = ids[~is_kept]
        n_free = max(0, self._max_metrics - np.setdiff1d(self._kept, self._always).size)
        if n_free and others.size:
            found, first = np.unique(others, return_index=True)
            new = found[np.argsort(first)][:n_free]
            self._kept = np.union1d(self._kept, new)
            is_kept |= np.isin(ids, new)
            others = ids[~is_kept]
        self._leave_out(_distinct(others))
        kept: NDArray[np.bool_] = is_kept
        return kept

    def _leave_out(self, ids: Ids) -> None:
        self._left_out.append(ids)
        self._n_pending += len(ids)
        if self._n_pending > max(_MOST_PENDING, len(self._left_out[0])):
            self._merge()

    def _merge(self) -> None:
        if self._left_out:
            self._left_out = [_distinct(np.concatenate(self._left_out))]
        self._n_pending = 0


def _are_among(ids: Ids, some: Ids) -> NDArray[np.bool_]:
    """Return what `np.isin` does if `some` is sorted, many times as fast."""
    if not some.size:
        return np.zeros(len(ids), np.bool_)
    found: NDArray[np.bool_] = some[np.minimum(np.searchsorted(some, ids), some.size - 1)] == ids
    return found


def _distinct(ids: Ids) -> Ids:
    """Return the numbers sorted, each once. numpy's hashing takes much longer with so many."""
    ids = np.sort(ids)
    return ids[np.concatenate([[True], ids[1:] != ids[:-1]])] if ids.size else ids
