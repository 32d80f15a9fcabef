"""Which settings of runs are the same, and which differ."""

import math

from ml_tracking_ops.web.compare.differences import compare_settings


def test_rows_that_differ_are_shown_and_equal_ones_are_counted() -> None:
    rows = compare_settings(
        [{"lr": 0.1, "data": "a"}, {"lr": 0.2, "data": "a"}], 0, has_equal=False
    )
    assert [row.name for row in rows.shown] == ["lr"]
    assert (rows.n_different, rows.n_equal, rows.equal_names) == (1, 1, ("data",))


def test_equal_rows_are_shown_on_request() -> None:
    rows = compare_settings([{"lr": 0.1, "data": "a"}, {"lr": 0.2, "data": "a"}], 0, has_equal=True)
    assert [(row.name, row.is_equal) for row in rows.shown] == [("lr", False), ("data", True)]


def test_cells_are_marked_that_differ_from_the_baseline() -> None:
    (row,) = compare_settings([{"lr": 1}, {"lr": 2}, {"lr": 2}], 1, has_equal=False).shown
    assert [cell.differs for cell in row.cells] == [True, False, False]


def test_setting_that_a_run_does_not_have_is_not_null() -> None:
    (row,) = compare_settings([{"decay": None}, {}], 0, has_equal=False).shown
    assert [cell.text for cell in row.cells] == ["None", "not set"]
    assert row.cells[1].differs


def test_equal_numbers_are_equal_but_no_number_is_a_truth_value() -> None:
    rows = compare_settings(
        [{"a": 1, "b": 1, "c": math.nan}, {"a": 1.0, "b": True, "c": math.nan}], 0, has_equal=False
    )
    assert [row.name for row in rows.shown] == ["b"]


def test_all_settings_of_a_single_run_are_shown() -> None:
    rows = compare_settings([{"lr": 0.1, "data": "a"}], 0, has_equal=False)
    assert [row.name for row in rows.shown] == ["lr", "data"]
