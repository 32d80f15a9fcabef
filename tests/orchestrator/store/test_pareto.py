"""The Pareto front and its hypervolume, against brute force and against Optuna's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna._hypervolume import compute_hypervolume

from ml_tracking_ops.orchestrator.store.outcomes.pareto import (
    Losses,
    dominates,
    front_of,
    hypervolume,
    hypervolumes,
    worst_of,
)

_NUMBER = st.integers(0, 6).map(float)


def points(n_objectives: int) -> st.SearchStrategy[list[Losses]]:
    return st.lists(st.tuples(*[_NUMBER] * n_objectives), min_size=1, max_size=14)


@given(st.integers(2, 4).flatmap(points))
def test_front_is_what_no_other_dominates(found: list[Losses]) -> None:
    expected = [
        position
        for position, point in enumerate(found)
        if not any(dominates(other, point) for other in found)
    ]
    assert front_of(found) == expected


@given(st.integers(2, 3).flatmap(points))
def test_hypervolume_is_that_of_optuna(found: list[Losses]) -> None:
    reference = (5.0,) * len(found[0])
    inside = [one for one in found if all(value <= 5 for value in one)]
    expected = compute_hypervolume(np.array(inside), np.array(reference)) if inside else 0.0
    assert hypervolume(found, reference) == pytest.approx(expected)


@given(st.integers(2, 3).flatmap(points))
def test_hypervolume_over_time_is_that_of_the_results_so_far(found: list[Losses]) -> None:
    reference = worst_of(found)
    assert hypervolumes(found, reference) == [
        pytest.approx(hypervolume(found[:count], reference)) for count in range(1, len(found) + 1)
    ]


def test_equal_results_are_all_on_the_front() -> None:
    assert front_of([(1.0, 2.0), (1.0, 2.0), (2.0, 2.0)]) == [0, 1]
