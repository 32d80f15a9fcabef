"""Mean and spread of the runs of a group at each step. Pure and vectorised.

Steps (or times) are put into buckets of one width, wide enough that about 200 cover them all;
where there are no more steps each is a bucket of its own, and the figures are exact. Within a
bucket a run counts once, with the mean of its values there, however often it logged. At each
bucket the figures are over the runs that have a value there; NaN and infinities are no values.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .charts import Float64s, Int64s

N_BUCKETS = 256
_FARTHEST = 2.0**62


@dataclass(frozen=True, slots=True)
class Digest:
    """One metric of one run by buckets: their numbers, ascending, and the values in each.

    `x` of bucket `b` is from ``b * width`` to ``(b + 1) * width``; `n` values are in it.
    """

    width: float
    bucket: Int64s
    n: Int64s
    mean: Float64s
    low: Float64s
    high: Float64s

    @property
    def is_exact(self) -> bool:
        """Whether nothing was put together, so that a closer look shows no more."""
        return self.low is self.mean

    @property
    def size_bytes(self) -> int:
        return 300 + len(self.bucket) * (24 if self.is_exact else 40)


@dataclass(frozen=True, slots=True)
class GroupCurve:
    """Columns of shape ``(n_buckets,)``; `n` is how many runs have a value there."""

    bucket: Int64s
    n: Int64s
    mean: Float64s
    std: Float64s
    low: Float64s
    high: Float64s


def bucket_width(low: float, high: float, is_whole: bool) -> float:
    """The smallest power of two (of at least 1, for whole numbers) that needs few buckets.

    So the buckets of a narrower width always nest in those of a wider one.
    """
    rough = (high - low) / N_BUCKETS
    if rough <= 0 or (is_whole and rough <= 1):
        return 1.0
    return float(2.0 ** math.ceil(math.log2(rough)))


def digest(x: Float64s, value: Float64s, is_whole: bool) -> Digest:
    """The values of one run, in any order of `x`, in buckets as narrow as its own range allows."""
    is_value = np.isfinite(value) & (np.abs(x) < _FARTHEST)
    x, value = x[is_value], value[is_value]
    width = bucket_width(float(x.min()), float(x.max()), is_whole) if len(x) else 1.0
    bucket = np.floor(x / width).astype(np.int64)
    ones = np.ones(len(bucket), np.int64)
    if np.all(bucket[1:] > bucket[:-1]):
        return Digest(width, bucket, ones, value, value, value)
    order = np.argsort(bucket, kind="stable")
    value = value[order]
    return _merged(width, bucket[order], ones, value, value, value)


def coarsened(fine: Digest, width: float) -> Digest:
    """The same in wider buckets."""
    factor = round(width / fine.width)
    if factor <= 1:
        return fine
    bucket = np.floor_divide(fine.bucket, factor)
    return _merged(width, bucket, fine.n, fine.mean, fine.low, fine.high)


def _merged(
    width: float, bucket: Int64s, n: Int64s, mean: Float64s, low: Float64s, high: Float64s
) -> Digest:
    """Entries of the same bucket, which stand side by side, as one."""
    starts = _starts(bucket)
    total = np.add.reduceat(n, starts)
    with np.errstate(over="ignore", invalid="ignore"):  # of values near the largest number
        mean = np.add.reduceat(mean * n, starts) / total
    low, high = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    return Digest(width, bucket[starts], total, mean, low, high)


def combine(digests: Sequence[Digest]) -> GroupCurve:
    """The figures of a group, from digests of one width.

    `std` is the standard deviation of a sample; 0 where one run alone has a value.
    """
    having = [one for one in digests if len(one.bucket)]
    if not having:
        none, empty = np.empty(0, np.int64), np.empty(0)
        return GroupCurve(none, none, empty, empty, empty, empty)
    bucket = np.concatenate([one.bucket for one in having])
    order = np.argsort(bucket, kind="stable")
    bucket = bucket[order]
    mean = np.concatenate([one.mean for one in having])[order]
    starts = _starts(bucket)
    n = np.diff(starts, append=len(bucket))
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.add.reduceat(mean, starts) / n
        squares = np.add.reduceat((mean - np.repeat(means, n)) ** 2, starts)
    return GroupCurve(
        bucket=bucket[starts],
        n=n,
        mean=means,
        std=np.sqrt(squares / np.maximum(n - 1, 1)),
        low=np.minimum.reduceat(np.concatenate([one.low for one in having])[order], starts),
        high=np.maximum.reduceat(np.concatenate([one.high for one in having])[order], starts),
    )


def _starts(bucket: Int64s) -> Int64s:
    return np.flatnonzero(np.append(True, bucket[1:] != bucket[:-1]))


def centers(bucket: Int64s, width: float, is_whole: bool) -> Float64s:
    """Where on the axis the buckets stand: the step itself, or the middle."""
    middle = (width - 1) / 2 if is_whole else width / 2
    return bucket.astype(np.float64) * width + middle
