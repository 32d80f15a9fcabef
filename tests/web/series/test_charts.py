"""Thinning and sorting, by their promises: nothing invented, no spike lost, bounded."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ml_tracking_ops.web.series.thinning import Points, between, sort_by_step, thin, to_columns

values_with_holes = hnp.arrays(
    np.float64,
    st.integers(0, 400),
    elements=st.floats(allow_nan=True, allow_infinity=True, width=64),
)
steps = hnp.arrays(
    np.int64, st.integers(0, 200), elements=st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9)
)


def points_of(value, step=None):
    value = np.asarray(value, dtype=np.float64)
    step = np.arange(len(value), dtype=np.int64) if step is None else step
    return Points(step, step.astype(np.float64), value)


@given(steps)
def test_sort_by_step_keeps_the_last_write_of_each_step(step):
    points = sort_by_step(points_of(np.arange(len(step)), step))

    last_written = {int(at): position for position, at in enumerate(step)}
    assert points.step.tolist() == sorted(last_written)
    assert points.value.tolist() == [last_written[at] for at in sorted(last_written)]


def test_sort_by_step_leaves_sorted_points_alone():
    points = points_of([3.0, 1.0, 2.0])

    assert sort_by_step(points) is points


@given(values_with_holes, st.integers(1, 60))
def test_thin_keeps_at_most_the_stated_number(value, n_buckets):
    points = points_of(value)

    thinned = thin(points, n_buckets)

    assert len(thinned) <= 2 * n_buckets + 2
    assert np.all(np.diff(thinned.step) > 0)
    np.testing.assert_array_equal(thinned.value, value[thinned.step])


@given(values_with_holes, st.integers(1, 60))
def test_thin_keeps_ends_and_extremes(value, n_buckets):
    thinned = thin(points_of(value), n_buckets)

    if len(value):
        assert thinned.step[0] == 0
        assert thinned.step[-1] == len(value) - 1
    finite, kept = value[np.isfinite(value)], thinned.value[np.isfinite(thinned.value)]
    if len(finite):
        assert kept.min() == finite.min()
        assert kept.max() == finite.max()


@given(values_with_holes, st.integers(1, 60))
def test_thin_keeps_lowest_and_highest_of_each_bucket(value, n_buckets):
    thinned = thin(points_of(value), n_buckets)
    if len(thinned) == len(value):
        return
    bucket_size = -(-len(value) // n_buckets)
    for start in range(0, len(value), bucket_size):
        bucket = value[start : start + bucket_size]
        in_bucket = (thinned.step >= start) & (thinned.step < start + bucket_size)
        kept = thinned.value[in_bucket]
        assert len(kept) >= 1
        finite = bucket[np.isfinite(bucket)]
        if len(finite):
            assert {finite.min(), finite.max()} <= set(kept.tolist())


@given(values_with_holes, st.integers(1, 60))
def test_thin_again_changes_nothing(value, n_buckets):
    once = thin(points_of(value), n_buckets)

    assert thin(once, n_buckets) is once


@given(st.integers(0, 9_999))
def test_thin_loses_no_spike(position):
    value = np.zeros(10_000)
    value[position] = 1e300

    assert 1e300 in thin(points_of(value), 50).value


def test_thin_is_not_poisoned_by_infinities():
    value = np.tile([1.0, np.inf, -np.inf, np.nan, 5.0, 2.0], 1_000)

    kept = thin(points_of(value), 10).value

    assert {1.0, 5.0} <= set(kept[np.isfinite(kept)].tolist())


def test_thin_shows_a_gap_where_a_bucket_holds_nothing_finite():
    value = np.concatenate((np.zeros(100), np.full(100, np.nan), np.zeros(100)))

    assert np.isnan(thin(points_of(value), 6).value).sum() == 2


@given(steps, st.none() | st.integers(-10, 10), st.none() | st.integers(-10, 10))
def test_between_returns_exactly_the_requested_steps(step, first_step, last_step):
    points = sort_by_step(points_of(np.zeros(len(step)), step))

    chosen = between(points, first_step, last_step).step.tolist()

    low = -(2**63) if first_step is None else first_step
    high = 2**63 if last_step is None else last_step
    assert chosen == [at for at in points.step.tolist() if low <= at <= high]


@given(values_with_holes)
def test_to_columns_is_valid_json(value):
    columns = json.loads(json.dumps(to_columns(points_of(value)), allow_nan=False))

    assert len(columns["step"]) == len(columns["wall_time"]) == len(columns["value"])
    for written, read in zip(value.tolist(), columns["value"], strict=True):
        assert read == (written if np.isfinite(written) else None)


@pytest.mark.parametrize("wall_time", [np.nan, np.inf, 1.7e308, -1e300])
def test_to_columns_accepts_invalid_times(wall_time):
    points = Points(np.array([1]), np.array([wall_time]), np.array([0.5]))

    assert to_columns(points)["wall_time"] == [0.0]


def test_to_columns_rounds_times_to_the_millisecond():
    points = Points(np.array([1]), np.array([1_795_453_250.123456]), np.array([0.1]))

    assert to_columns(points) == {"step": [1], "wall_time": [1_795_453_250.123], "value": [0.1]}
