"""How runs that ended early count in the figures of their group. Pure.

If a rule stops the weak runs, the mean of the rest jumps: it is over fewer runs from there on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ..series.thinning import Int64s
from .statistics import MetricBuckets

Over = Literal["all", "reached", "carried"]
"""`all`: at each place the runs that have a value there. `reached`: only the runs that reached the
end of the shown range. `carried`: the last value of each run counts up to the end."""

OVER: tuple[Over, ...] = ("all", "reached", "carried")
_NONE = np.empty(0, np.int64)


def taken_over(digests: Sequence[MetricBuckets], over: Over) -> list[MetricBuckets]:
    """Return the digests (all of one width) of the runs according to `over`. Excluded ones are
    empty."""
    reached = [one.bucket[-1] for one in digests if len(one.bucket)]
    if over == "all" or not reached:
        return list(digests)
    if over == "reached":
        end = int(max(reached))
        return [one if _reaches(one, end) else _emptied(one) for one in digests]
    every = np.unique(np.concatenate([one.bucket for one in digests]))
    return [_carried(one, every) for one in digests]


def _reaches(one: MetricBuckets, end: int) -> bool:
    """Return whether the next value would have come after the end, at the widest distance so
    far."""
    if not len(one.bucket):
        return False
    distance = int(np.diff(one.bucket).max()) if len(one.bucket) > 1 else 1
    return int(one.bucket[-1]) + distance > end


def _emptied(one: MetricBuckets) -> MetricBuckets:
    return MetricBuckets(one.width, _NONE, _NONE, *(np.empty(0),) * 3, _NONE)


def _carried(one: MetricBuckets, every: Int64s) -> MetricBuckets:
    """Return the digest with the last value repeated in each later bucket that any run has."""
    if not len(one.bucket):
        return one
    later = every[every > one.bucket[-1]]
    last = np.full(len(later), one.mean[-1])
    mean = np.concatenate([one.mean, last])
    return replace(
        one,
        bucket=np.concatenate([one.bucket, later]),
        n=np.concatenate([one.n, np.ones(len(later), np.int64)]),
        mean=mean,
        low=np.concatenate([one.low, last]),
        high=np.concatenate([one.high, last]),
    )
