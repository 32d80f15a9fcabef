"""Best and last values of metrics, and their differences to a baseline."""

import math

import pytest

from ml_tracking_ops.web.compare.results import compare_results, format_difference, goals_of
from ml_tracking_ops.web.series.goals import Goals
from ml_tracking_ops.web.series.summaries import MetricSummary, Summaries


def summary(last: float, low: float | None = None, high: float | None = None) -> MetricSummary:
    return MetricSummary(3, last, 2, last if low is None else low, last if high is None else high)


def test_metric_with_a_direction_has_its_best_and_its_last_value() -> None:
    runs: list[Summaries] = [{"acc": summary(0.7, high=0.9)}, {"acc": summary(0.8)}]
    best, last = compare_results(runs, Goals({"acc": "max"}), 0, has_all=False).rows
    assert [cell.text for cell in best.cells] == ["0.9", "0.8"]
    assert [cell.text for cell in last.cells] == ["0.7", "0.8"]
    assert [cell.is_best for cell in best.cells] == [True, False]


def test_difference_says_whether_a_run_is_better_than_the_baseline() -> None:
    runs: list[Summaries] = [{"loss": summary(0.5)}, {"loss": summary(0.25)}, {"loss": summary(1)}]
    best, _ = compare_results(runs, Goals({"loss": "min"}), 0, has_all=False).rows
    assert [(cell.delta, cell.is_better) for cell in best.cells] == [
        ("", None),
        ("−0.25", True),
        ("+0.5", False),
    ]


def test_metric_of_unknown_direction_has_its_last_value_alone_and_no_best() -> None:
    runs: list[Summaries] = [{"epoch": summary(3)}, {"epoch": summary(4)}]
    (row,) = compare_results(runs, Goals(), 1, has_all=False).rows
    assert (row.kind, row.cells[0].delta, row.cells[0].is_better) == ("last", "−1", None)
    assert not any(cell.is_best for cell in row.cells)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_value_that_is_not_finite_has_no_difference(value: float) -> None:
    runs: list[Summaries] = [{"epoch": summary(1)}, {"epoch": summary(value)}, {}]
    (row,) = compare_results(runs, Goals(), 0, has_all=False).rows
    assert [cell.delta for cell in row.cells] == ["", "", ""]
    assert row.cells[2].text == "–"


def test_optimised_metrics_come_first_then_the_most_common() -> None:
    runs: list[Summaries] = [
        {"rare": summary(1), "common": summary(1), "aim": summary(1)},
        {"common": summary(1)},
    ]
    rows = compare_results(runs, Goals({"aim": "max"}), 0, has_all=False).rows
    assert list(dict.fromkeys(row.metric for row in rows)) == ["aim", "common", "rare"]


def test_only_the_first_metrics_are_shown_by_default() -> None:
    runs: list[Summaries] = [{f"m{n}": summary(n) for n in range(30)}]
    first = compare_results(runs, Goals(), 0, has_all=False)
    assert (first.n_shown, first.n_metrics) == (12, 30)
    assert compare_results(runs, Goals(), 0, has_all=True).n_shown == 30


def test_sweeps_that_disagree_about_a_metric_decide_nothing() -> None:
    goals = goals_of([{"x": "min", "y": "max"}, {"x": "max"}], {"x": "max"}, {})
    assert (goals.of("x"), goals.is_fixed("x"), goals.is_fixed("y")) == ("max", False, True)


def test_difference_has_a_sign_and_three_digits() -> None:
    assert [format_difference(one) for one in (0.012345, -4, 1e-9)] == ["+0.0123", "−4", "+1e-9"]


def test_derived_metrics_are_shown_first() -> None:
    runs: list[Summaries] = [{"a": summary(1), "b := a": summary(2)}]
    results = compare_results(runs, Goals(), 0, ["b := a", "c := x"], has_all=False)
    assert [(row.metric, row.cells[0].text) for row in results.rows][:2] == [
        ("b := a", "2"),
        ("c := x", "–"),
    ]
