"""Sorting and paging of the table of runs."""

from typing import Any

import pytest

from ml_tracking_ops.web.runs_table import PAGE_SIZE, TableQuery, build_table, sort_rows


def row(index: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"s/{index}", "index": index, "name": f"r{index}", "status": "finished",
        "reason": None, "hyperparameters": {}, "best_value": None, "best_step": None,
        "started_at": 100.0 + index, "ended_at": 200.0 + index, **changes,
    }  # fmt: skip


def order(rows: list[dict[str, Any]], sort: str, direction: Any = "asc") -> list[int]:
    return [one["index"] for one in sort_rows(rows, TableQuery(sort, direction))]


def test_newest_run_comes_first_and_waiting_ones_last() -> None:
    rows = [row(1), row(2), row(3, started_at=None, status="pending")]
    assert order(rows, "index", "desc") == [2, 1, 3]


def test_runs_whose_start_nobody_noted_are_in_order() -> None:
    rows = [row(n, started_at=None, ended_at=None) for n in (1, 2, 3)]
    assert order(rows, "index", "desc") == [3, 2, 1]


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_runs_without_a_value_come_last_either_way(direction: str) -> None:
    rows = [row(1), row(2, best_value=float("nan")), row(3, best_value=0.5)]
    assert order(rows, "best_value", direction)[0] == 3


def test_mixed_hyperparameters_can_be_sorted() -> None:
    values = ["adam", 3, None, 1.5, True, [1]]
    rows = [row(n, hyperparameters={"x": value}) for n, value in enumerate(values)]
    assert order(rows, "p.x")[0] == 4
    assert order(rows, "p.x")[-1] == 2


def test_longest_duration_first_puts_running_runs_first() -> None:
    rows = [row(1), row(2, ended_at=None, status="running"), row(3, ended_at=500.0)]
    assert order(rows, "duration", "desc") == [2, 3, 1]


def test_page_beyond_the_last_is_the_last() -> None:
    rows = [row(n) for n in range(PAGE_SIZE + 1)]
    table = build_table(rows, TableQuery(page=99), None, None, ())
    assert (table.page, table.n_pages, len(table.rows)) == (2, 2, 1)


def test_links_carry_on_what_the_address_holds() -> None:
    rows = [row(n) for n in range(PAGE_SIZE + 1)]
    query = TableQuery("best_value", "asc", 1)
    table = build_table(rows, query, "Accuracy", None, [("metric", "a b")])
    assert table.next_href == "?metric=a+b&sort=best_value&order=asc&page=2"
    best = next(column for column in table.columns if column.label == "Best Accuracy")
    assert best.sorted == "ascending"
    assert best.href == "?metric=a+b&sort=best_value"
