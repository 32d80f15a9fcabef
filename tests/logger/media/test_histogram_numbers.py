"""Histograms of extreme numbers: the logger refuses what no reader would show."""

import json
import math
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.logger import ExperimentLogger, read_run
from ml_tracking_ops.logger.media.edges import equal_edges
from ml_tracking_ops.logger.media.encoding.counts import summary_of_counts
from ml_tracking_ops.logger.media.encoding.histograms import summarize_values
from ml_tracking_ops.logger.media.entries import HistogramEntry, histogram_of

FINITE = st.floats(allow_nan=False, allow_infinity=False)
LARGEST = sys.float_info.max


def as_read(summary: dict[str, Any]) -> HistogramEntry:
    found = histogram_of(json.loads(json.dumps(summary, allow_nan=False)))
    assert found is not None
    return found


@given(st.lists(FINITE, min_size=1, max_size=20), st.sampled_from([1, 3, 64, 1000]))
def test_every_list_of_finite_numbers_is_read_back(values: list[float], n_bins: int) -> None:
    found = as_read(summarize_values(values, n_bins))
    assert sum(found.counts) == found.number == len(values)
    assert (found.edges[0], found.edges[-1]) == (min(values), max(values))


@pytest.mark.parametrize("has_numpy", [True, False])
def test_values_at_the_ends_of_the_float_range_are_counted_where_they_are(
    has_numpy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_numpy:
        monkeypatch.setitem(sys.modules, "numpy", None)
    found = as_read(summarize_values([LARGEST, -LARGEST, 0.0, 1.0], 4))
    assert found.counts == (1, 0, 2, 1)
    middle = (-LARGEST / 2, 0.0, LARGEST / 2)
    assert found.edges == pytest.approx((-LARGEST, *middle, LARGEST))


@given(FINITE, FINITE, st.integers(1, 1_000))
def test_equal_edges_are_finite_and_ascend(one: float, other: float, n_bins: int) -> None:
    low, high = sorted((one, other))
    edges = equal_edges(low, high, n_bins)
    assert (edges[0], edges[-1], len(edges)) == (low, high, n_bins + 1)
    assert all(map(math.isfinite, edges))
    assert all(a <= b for a, b in pairwise(edges))


def test_equal_edges_are_those_of_numpy() -> None:
    values = np.random.default_rng(1).normal(size=100)
    _, edges = np.histogram(values, 10)
    assert np.allclose(equal_edges(values.min(), values.max(), 10), edges, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("bins", [[-math.inf, 0, 1], [0, math.inf], [0, math.nan, 1]])
def test_bins_without_an_end_are_refused(bins: list[float]) -> None:
    with pytest.raises(ValueError, match=r"2 to 1001 ascending finite numbers, not \["):
        summarize_values([1.0], bins)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"edges": [-math.inf, 0, 1]}, "not from -inf to 1.0.* pass minimum="),
        ({"edges": [0, 1, math.inf]}, "not from 0.0 to inf"),
        ({"edges": [0, math.nan, 1]}, "ascending numbers, one more than counts"),
        ({"minimum": 3, "maximum": 2}, "not from 3.0 to 2.0"),
        ({"minimum": math.nan}, "not from nan"),
        ({"counts": [1e300, 1]}, r"from 0 to 2\*\*63 - 1, not 1e\+300"),
        ({"counts": [-1, 1]}, "not -1.0"),
        ({"counts": [2**62, 2**62]}, "Divide its counts"),
        ({"number": 2**63}, "Divide its counts"),
        ({"number": -4}, "from 0 on, not -4"),
    ],
)
def test_counts_that_no_reader_would_show_are_refused(given: Any, message: str) -> None:
    most: dict[str, Any] = {"counts": [1, 2], "edges": [0, 1, 2], "number": None}
    most |= {"minimum": None, "maximum": None, "mean": None}
    with pytest.raises(ValueError, match=message):
        summary_of_counts(**(most | given))


def test_infinite_edges_end_at_the_minimum_and_the_maximum() -> None:
    found = as_read(summary_of_counts([1, 2], [-math.inf, 0, math.inf], None, -3, 5, None))
    assert (found.edges, found.number) == ((-3, 0, 5), 3)


def test_mean_of_counts_near_the_largest_float_is_estimated() -> None:
    found = as_read(
        summary_of_counts([2**61, 2**61], [0, LARGEST, LARGEST], None, None, None, None)
    )
    assert found.mean == pytest.approx(0.75 * LARGEST)


@pytest.mark.parametrize("kind", [np.int64, np.float32, int])
def test_numbers_of_numpy_are_taken(tmp_path: Path, kind: Callable[[int], Any]) -> None:
    edges = np.array([0, 1, 2])
    about = {key: kind(1) for key in ("number", "minimum", "maximum", "mean")}
    with ExperimentLogger(tmp_path) as logger:
        logger.add_counts("h", np.array([0, 1]), edges, 0, **about)  # type: ignore[arg-type]
    found = read_run(logger.folder).media["h"][0].histogram
    assert (found.number, found.minimum, found.maximum, found.mean) == (1, 1, 1, 1)


def test_number_that_is_not_whole_is_named() -> None:
    with pytest.raises(TypeError, match=r"not 1.5 \(float\)"):
        summary_of_counts([1], [0, 1], 1.5, None, None, None)  # type: ignore[arg-type]
