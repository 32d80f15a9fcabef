"""Figures of groups against a plain computation over every value."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.web.groups.naming import MOST_GROUPS, all_but, group_runs, groupings
from ml_tracking_ops.web.groups.statistics import (
    N_BUCKETS,
    bucket_width,
    centers,
    coarsened,
    combine,
    digest,
)

values = st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(float("inf"))
runs = st.lists(st.dictionaries(st.integers(-50, 150), values, max_size=40), max_size=6)


def digests_of(given_runs):
    return [
        digest(np.array(list(run), np.float64), np.array(list(run.values()), np.float64), True)
        for run in given_runs
    ]


@given(runs)
def test_few_steps_give_exact_figures_over_the_values_that_exist(given_runs):
    curve = combine(digests_of(given_runs))

    expected: dict[int, list[float]] = {}
    for run in given_runs:
        for step, value in run.items():
            expected.setdefault(step, []).append(value)
    assert curve.bucket.tolist() == sorted(expected)
    for at, step in enumerate(sorted(expected)):
        found = [value for value in expected[step] if np.isfinite(value)]
        assert curve.n[at] == len(found)
        assert curve.n_nan[at] == len(expected[step]) - len(found)
        if not found:
            assert np.isnan([curve.mean[at], curve.std[at], curve.low[at], curve.high[at]]).all()
            continue
        assert curve.mean[at] == pytest.approx(statistics.fmean(found), abs=1e-6)
        spread = statistics.stdev(found) if len(found) > 1 else 0.0
        assert curve.std[at] == pytest.approx(spread, abs=1e-4)
        assert (curve.low[at], curve.high[at]) == (min(found), max(found))


@pytest.mark.parametrize("factor", [1.0, 1e308])
def test_figures_of_the_largest_values_are_numbers(factor):
    steps = np.arange(600.0)
    rows = [np.full(600, one) * factor for one in (-1.0, 1.0, 1.5)]

    curve = combine([digest(steps, row, True) for row in rows])

    assert curve.mean[0] == pytest.approx(0.5 * factor)
    assert curve.std[-1] == pytest.approx(min(statistics.stdev([-1, 1, 1.5]) * factor, 1.8e308))
    assert (curve.low[0], curve.high[0]) == (-factor, 1.5 * factor)


def test_many_steps_are_put_together_and_each_run_counts_once_in_a_bucket():
    often = digest(np.arange(4096.0), np.full(4096, 1.0), True)
    seldom = digest(np.array([0.0, 4095.0]), np.array([4.0, 2.0]), True)

    assert len(often.bucket) <= N_BUCKETS
    assert often.width == 16
    curve = combine([often, coarsened(seldom, often.width)])
    assert curve.n[0] == 2
    assert curve.mean[0] == 2.5
    assert (curve.low[0], curve.high[0]) == (1.0, 4.0)
    assert curve.mean[5] == 1.0
    assert centers(curve.bucket, often.width, True)[0] == 7.5


def test_coarser_buckets_weigh_every_value_the_same():
    fine = digest(np.array([0.0, 1.0, 2.0, 4.0, 1e4]), np.array([1.0, 2.0, 3.0, 9.0, 0.0]), True)
    coarse = coarsened(fine, 4 * fine.width)

    assert coarse.mean[0] == pytest.approx((1 + 2 + 3 + 9) / 4)
    assert coarse.n.tolist() == [4, 1]


def test_nan_is_marked_once_for_each_run_in_its_bucket():
    nothing = np.full(2000, np.nan)
    lost = digest(np.arange(2000.0), nothing, True)
    curve = combine([coarsened(digest(np.array([3.0]), np.array([1.0]), True), 8), lost, lost])

    assert len(curve.bucket) == 250
    assert (curve.n[0], curve.n_nan[0], curve.mean[0]) == (1, 2, 1.0)
    assert (curve.n[1], curve.n_nan[1]) == (0, 2)
    assert np.isnan(curve.mean[1])


def test_width_depends_on_the_range_alone_and_nests():
    assert bucket_width(0, N_BUCKETS, True) == 1
    assert bucket_width(0, N_BUCKETS + 1, True) == 2
    assert bucket_width(0, 1.0, False) == 1 / N_BUCKETS
    assert bucket_width(5, 5, False) == 1


def test_runs_are_grouped_by_value_in_its_order():
    given = [{"depth": 10, "opt": "sgd"}, {"depth": 2}, {"depth": 10}, {"opt": "adam"}]

    groups = group_runs(given, "p.depth", None)

    assert groups is not None
    assert [(group.name, group.members) for group in groups] == [
        ("depth 2", [1]),
        ("depth 10", [0, 2]),
    ]
    assert group_runs(given, "p.width", None) is None
    assert group_runs(given, "depth", None) is None


def test_many_numbers_become_ranges_that_hold_every_run_once():
    given = [{"lr": 10.0 ** -(n % 50)} for n in range(200)]

    groups = group_runs(given, "p.lr", None)

    assert groups is not None
    assert 2 <= len(groups) <= MOST_GROUPS
    assert sorted(at for group in groups for at in group.members) == list(range(200))
    sizes = [len(group.members) for group in groups]
    assert max(sizes) < 2 * min(sizes)


def test_repeats_differ_in_their_seed_alone():
    given = [{"lr": 0.1, "seed": 1}, {"lr": 0.2, "seed": 1}, {"lr": 0.1, "seed": 2}]

    groups = group_runs(given, "combination", "seed")

    assert groups is not None
    assert [(group.name, group.members) for group in groups] == [
        ("lr 0.1", [0, 2]),
        ("lr 0.2", [1]),
    ]
    assert [one["value"] for one in groupings(given, "seed")] == [
        "combination",
        "p.lr",
        "but.lr",
        "but.seed",
    ]


def test_groups_by_all_settings_but_some_hold_what_differs_in_these_alone() -> None:
    runs = [
        {"lr": lr, "seed": seed, "fold": fold, "data": "a"}
        for lr in (0.1, 0.2)
        for seed in (1, 2)
        for fold in (1, 2)
    ]
    found = group_runs(runs, "but.seed", None)
    assert found is not None
    assert [group.name for group in found][:2] == ["lr 0.1, fold 1", "lr 0.1, fold 2"]
    assert [len(group.members) for group in found] == [2, 2, 2, 2]
    both = group_runs(runs, "but.seed,fold", None)
    assert both is not None
    assert [(group.name, len(group.members)) for group in both] == [("lr 0.1", 4), ("lr 0.2", 4)]
    assert group_runs(runs, "but.nothing", None) is None


def test_name_with_a_comma_can_be_left_out() -> None:
    runs = [{"a,b": 1, "x": 1}, {"a,b": 2, "x": 1}, {"a,b": 2, "x": 2}]
    found = group_runs(runs, all_but("a,b"), None)
    assert found is not None
    assert [(group.name, group.members) for group in found] == [("x 1", [0, 1]), ("x 2", [2])]
