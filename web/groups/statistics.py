"""Mean and spread of the runs of a group at each step. Pure and vectorised.

Steps (or times) are put into buckets of one width, wide enough that about 200 cover them all. If
there are no more steps than that, each is a bucket of its own, and the figures are exact. Within a
bucket a run counts once, with the mean of its values there, however often it logged. At each bucket
the figures are over the runs that have a value there. NaN and infinities are no values, but the
runs that logged them there are counted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..series.thinning import Float64s, Int64s

N_BUCKETS = 256
_FARTHEST = 2.0**62
_FAR = 2.0**600  # its square is no number
_NONE, _EMPTY = np.empty(0, np.int64), np.empty(0)


@dataclass(frozen=True, slots=True)
class MetricBuckets:
    """One metric of one run by buckets: their numbers, ascending, and the values in each.

    `x` of bucket `b` is from ``b * width`` to ``(b + 1) * width``. `n` is the number of values in
    it. `gap` are the buckets in which NaN or an infinity was logged, ascending, whether or not they
    hold values.
    """

    width: float
    bucket: Int64s
    n: Int64s
    mean: Float64s
    low: Float64s
    high: Float64s
    gap: Int64s

    @property
    def is_exact(self) -> bool:
        """Whether nothing was merged, so that zooming in shows no more."""
        return self.low is self.mean

    @property
    def size_bytes(self) -> int:
        return 300 + len(self.bucket) * (24 if self.is_exact else 40) + len(self.gap) * 8

    @property
    def reach(self) -> tuple[float, float] | None:
        """The range in which something was logged."""
        ends = [part[[0, -1]] * self.width for part in (self.bucket, self.gap) if len(part)]
        return (float(np.min(ends)), float(np.max(ends))) if ends else None


@dataclass(frozen=True, slots=True)
class GroupCurve:
    """Columns of shape ``(n_buckets,)``.

    `n` is how many runs have a value there, and `n_nan` how many logged NaN or an infinity. If no
    run has a value the figures are NaN.
    """

    bucket: Int64s
    n: Int64s
    n_nan: Int64s
    mean: Float64s
    std: Float64s
    low: Float64s
    high: Float64s


def bucket_width(low: float, high: float, is_whole: bool) -> float:
    """Return the smallest power of two (at least 1, for whole numbers) that needs few buckets.

    So the buckets of a narrower width always nest in those of a wider one.
    """
    rough = (high - low) / N_BUCKETS
    if rough <= 0 or (is_whole and rough <= 1):
        return 1.0
    return float(2.0 ** math.ceil(math.log2(rough)))


def digest(x: Float64s, value: Float64s, is_whole: bool) -> MetricBuckets:
    """Return the values of one run, in any order of `x`, in buckets as narrow as its own range
    allows."""
    has_place = np.abs(x) < _FARTHEST
    x, value = x[has_place], value[has_place]
    width = bucket_width(float(x.min()), float(x.max()), is_whole) if len(x) else 1.0
    bucket = np.floor(x / width).astype(np.int64)
    is_value = np.isfinite(value)
    gap = np.unique(bucket[~is_value])
    bucket, value = bucket[is_value], value[is_value]
    ones = np.ones(len(bucket), np.int64)
    if np.all(bucket[1:] > bucket[:-1]):
        return MetricBuckets(width, bucket, ones, value, value, value, gap)
    order = np.argsort(bucket, kind="stable")
    value = value[order]
    return _merged(width, bucket[order], ones, value, value, value, gap)


def coarsened(fine: MetricBuckets, width: float) -> MetricBuckets:
    """Return the digest in wider buckets."""
    factor = round(width / fine.width)
    if factor <= 1:
        return fine
    bucket, gap = np.floor_divide(fine.bucket, factor), np.floor_divide(fine.gap, factor)
    return _merged(width, bucket, fine.n, fine.mean, fine.low, fine.high, np.unique(gap))


def _merged(
    width: float,
    bucket: Int64s,
    n: Int64s,
    mean: Float64s,
    low: Float64s,
    high: Float64s,
    gap: Int64s,
) -> MetricBuckets:
    """Merge entries of the same bucket, which are side by side."""
    if not len(bucket):
        return MetricBuckets(width, bucket, n, mean, low, high, gap)
    starts = _starts(bucket)
    total = np.add.reduceat(n, starts)
    mean = _means(mean, n, starts, total)
    low, high = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    return MetricBuckets(width, bucket[starts], total, mean, low, high, gap)


def combine(digests: Sequence[MetricBuckets]) -> GroupCurve:
    """Return the figures of a group, from digests of one width.

    `std` is the standard deviation of a sample, or 0 if only one run has a value.
    """
    having = [one for one in digests if len(one.bucket)]
    gap, n_gaps = np.unique(_joined([one.gap for one in digests]), return_counts=True)
    if not having:
        return _with_gaps(GroupCurve(*(_NONE,) * 3, *(_EMPTY,) * 4), gap, n_gaps)
    bucket = np.concatenate([one.bucket for one in having])
    order = np.argsort(bucket, kind="stable")
    bucket = bucket[order]
    mean = np.concatenate([one.mean for one in having])[order]
    starts = _starts(bucket)
    n = np.diff(starts, append=len(bucket))
    means = _means(mean, np.ones_like(bucket), starts, n)
    curve = GroupCurve(
        bucket=bucket[starts],
        n=n,
        n_nan=np.zeros(len(n), np.int64),
        mean=means,
        std=_deviations(mean, means, starts, n),
        low=np.minimum.reduceat(np.concatenate([one.low for one in having])[order], starts),
        high=np.maximum.reduceat(np.concatenate([one.high for one in having])[order], starts),
    )
    return _with_gaps(curve, gap, n_gaps)


def _means(values: Float64s, n: Int64s, starts: Int64s, total: Int64s) -> Float64s:
    """Return the mean of each bucket's `n` values, computed in parts if their sum overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        means: Float64s = np.add.reduceat(values * n, starts) / total
    if np.isfinite(means).all():
        return means
    each = np.repeat(total, np.diff(starts, append=len(values)))
    return np.where(np.isfinite(means), means, np.add.reduceat(values * (n / each), starts))


def _deviations(values: Float64s, means: Float64s, starts: Int64s, n: Int64s) -> Float64s:
    """Return the standard deviation of each bucket's values, whose squares may overflow."""
    found = _roots_of_squares(values, means, starts, n, 1.0)
    if np.isfinite(found).all():
        return found
    return np.where(np.isfinite(found), found, _roots_of_squares(values, means, starts, n, _FAR))


def _roots_of_squares(
    values: Float64s, means: Float64s, starts: Int64s, n: Int64s, unit: float
) -> Float64s:
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.add.reduceat((values / unit - np.repeat(means / unit, n)) ** 2, starts)
        roots: Float64s = np.sqrt(squares / np.maximum(n - 1, 1)) * unit
    return roots if unit == 1 else np.minimum(roots, np.finfo(np.float64).max)


def _with_gaps(curve: GroupCurve, gap: Int64s, n_gaps: Int64s) -> GroupCurve:
    """Return the curve with `n_nan`, and with the buckets that hold nothing else."""
    if not len(gap):
        return curve
    every = np.union1d(curve.bucket, gap)
    of_curve, of_gap = np.searchsorted(every, curve.bucket), np.searchsorted(every, gap)

    def spread(column: Any, at: Any, missing: float) -> Any:
        wide = np.full(len(every), missing, column.dtype)
        wide[at] = column
        return wide

    figures = (curve.mean, curve.std, curve.low, curve.high)
    return GroupCurve(
        every,
        spread(curve.n, of_curve, 0),
        spread(n_gaps, of_gap, 0),
        *(spread(column, of_curve, math.nan) for column in figures),
    )


def _joined(columns: Sequence[Int64s]) -> Int64s:
    return np.concatenate([_NONE, *columns])


def _starts(bucket: Int64s) -> Int64s:
    return np.flatnonzero(np.append(True, bucket[1:] != bucket[:-1]))


def centers(bucket: Int64s, width: float, is_whole: bool) -> Float64s:
    """Return the positions of the buckets on the axis: the step itself, or the middle."""
    middle = (width - 1) / 2 if is_whole else width / 2
    return bucket.astype(np.float64) * width + middle
