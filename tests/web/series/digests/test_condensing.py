"""Which points of a series are kept: extremes never go, and a stack may grow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.web.series.digests.condensing import Stack, coarser, extended, stack_of
from ml_tracking_ops.web.series.thinning import Points


def points(values: list[float], first: int = 0) -> Points:
    steps = np.arange(first, first + len(values)) * 3
    return Points(steps, steps / 7, np.array(values, float))


def noise(n: int, seed: int = 0) -> list[float]:
    return np.random.default_rng(seed).normal(size=n).tolist()


def same(left: Stack, right: Stack) -> bool:
    columns = [
        (one.points.step, one.points.wall_time, one.index, one.lengths, one.counts)
        for one in (left, right)
    ]
    is_same = all(np.array_equal(a, b) for a, b in zip(*columns, strict=True))
    return is_same and np.array_equal(left.points.value, right.points.value, equal_nan=True)


@pytest.mark.parametrize("n", [1, 5, 34, 35, 1_000, 1_026, 1_027, 5_000, 40_000])
@pytest.mark.parametrize("n_buckets", [16, 64, 512])
def test_first_last_lowest_and_highest_are_kept(n: int, n_buckets: int) -> None:
    values = noise(n)
    level = coarser(stack_of([points(noise(3)), points(values)]), n_buckets)
    kept = level.series()[1]
    assert len(kept) <= 2 * n_buckets + 2
    assert {kept.value[0], kept.value[-1], min(values), max(values)} >= {values[0], values[-1]}
    assert {min(values), max(values)} <= set(kept.value.tolist())
    assert set(kept.value.tolist()) <= set(values)
    assert len(level.series()[0]) == 3
    if n <= 2 * n_buckets + 2:
        assert kept.value.tolist() == values


def test_no_spike_is_lost_wherever_it_is() -> None:
    for place in range(0, 9_000, 177):
        values = [0.0] * 9_000
        values[place] = 5.0
        stack = stack_of([points(values)])
        for n_buckets in (16, 64, 512):
            assert coarser(stack, n_buckets).points.value.max() == 5.0


def test_gap_is_kept_where_a_bucket_holds_nothing_else() -> None:
    values = [1.0] * 2_000 + [np.nan] * 2_000 + [2.0] * 2_000
    kept = coarser(stack_of([points(values)]), 16).points.value
    assert np.isnan(kept).any()
    assert np.nanmax(kept) == 2.0


@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=4),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_extending_a_digest_equals_making_it_again(
    parts: list[int], seed: int, has_gaps: bool
) -> None:
    values = noise(sum(parts), seed)
    if has_gaps:
        values = [np.nan if abs(one) > 1.5 else round(one, 1) for one in values]
    stack, first = stack_of([points(values[: parts[0]])]), parts[0]
    for n in parts[1:]:
        stack = extended(stack, [points(values[first : first + n], first)])
        first += n
    whole = stack_of([points(values)])
    assert same(stack, whole)
    for n_buckets in (16, 64):
        assert same(coarser(stack, n_buckets), coarser(whole, n_buckets))


def test_metrics_that_come_later_are_added() -> None:
    old, new = noise(2_000), noise(100, 1)
    stack = extended(stack_of([points(old)]), [points([]), points(new)])
    assert same(stack, stack_of([points(old), points(new)]))


def test_coarse_buckets_combine_finer_ones() -> None:
    stack = stack_of([points(noise(n, n)) for n in (20, 100, 777, 5_000, 123_457)])
    assert same(coarser(coarser(stack, 64), 16), coarser(stack, 16))


def test_long_series_are_cut_alone_as_they_are_together() -> None:
    series = [points(noise(n, n)) for n in (5_000, 4_097, 8_192)]
    assert same(stack_of(series), stack_of(series, small=10_000))
