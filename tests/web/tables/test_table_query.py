"""What the address asks of a table: parsing, filtering, sorting, links."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import row
from starlette.datastructures import QueryParams

from ml_tracking_ops.web.tables.columns import run_columns
from ml_tracking_ops.web.tables.hyperparameters import comparable, describe_hyperparameters
from ml_tracking_ops.web.tables.query import TableQuery, link, parse_table_query
from ml_tracking_ops.web.tables.rows import Row
from ml_tracking_ops.web.tables.selection import filter_text, problems_of, select_rows, sort_rows

ROWS = [
    row(1, hyperparameters={"lr": 0.001, "opt": "adam", "n": 32}, best_value=0.5),
    row(2, hyperparameters={"lr": 1 / 30, "opt": "sgd", "n": 64}, best_value=0.9, state="failed"),
    row(3, hyperparameters={"lr": 0.1, "opt": "adam", "n": 64}, reason="exit code 1: CUDA error"),
    row(4, hyperparameters={"lr": float("nan"), "opt": None}, best_value=float("nan")),
]

COLUMNS = run_columns("Accuracy", describe_hyperparameters(ROWS))


def found(address: str) -> list[int]:
    query = parse_table_query(QueryParams(address))
    assert query.problems == ()
    return [one.index for one in select_rows(ROWS, query, COLUMNS)]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", [1, 2, 3, 4]),
        ("p.lr=0.01..0.1", [2, 3]),
        ("p.lr=0.1..", [3]),
        ("p.lr=..0.001", [1]),
        ("p.lr=0.033333", [2]),  # as the table writes it
        ("p.n=64", [2, 3]),
        ("p.n=64.0", [2, 3]),
        ("p.n=32&p.n=64", [1, 2, 3]),
        ("p.opt=adam", [1, 3]),
        ("p.opt=None", [4]),
        ("p.opt=not+set", []),
        ("p.n=not+set", [4]),
        ("p.n=not+set&p.n=..32", [1, 4]),
        ("p.opt=adam&p.n=64", [3]),
        ("p.lr=..0.002&p.lr=0.05..", [1, 3]),
        ("m.Accuracy=0.6..", [2]),
        ("state=failed", [2]),
        ("state=failed&state=finished&q=cuda", [3]),
        ("q=ADAM lr=0.1", [3]),
        ("low.p.lr=0.01&high.p.lr=", [2, 3]),
        ("low.p.lr=&high.p.lr=&q=&state=", [1, 2, 3, 4]),
    ],
)
def test_filters_pass_the_runs_they_name(address: str, expected: list[int]) -> None:
    assert found(address) == expected


@pytest.mark.parametrize("text", ["1..2", "..", "", "tab\t", " ", "low..", "0.5", '""', "None"])
def test_every_text_is_found_by_its_filter(text: str) -> None:
    rows = [row(1, hyperparameters={"x": text}), row(2, hyperparameters={"x": "another"})]
    query = parse_table_query(QueryParams([("p.x", filter_text(text))]))
    columns = run_columns(None, describe_hyperparameters(rows))
    assert [one.index for one in select_rows(rows, query, columns)] == [1]


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("state=bad", "state=bad: no such state"),
        ("state=faild", "state=faild: no such state, did you mean failed? (known: pending"),
        ("p.LRR=3", "p.LRR: no run has this hyperparameter, did you mean lr? (known"),
        ("p.lr=1..0.1", "the lower end is above the upper one"),
        ("m.Loss=low", "m.Loss=low: A range is written as"),
        ("order=up", "order=up: must be asc or desc"),
        ("page=-1", "page=-1: must be a whole number"),
        ("p.momentum=3", "p.momentum: no run has this hyperparameter (known: lr, opt, n"),
        ("p.lr=abc..", "p.lr=abc..: lr is a number. A range is written as"),
        ("sort=nothing", "sort=nothing: there is no such column"),
        ("columns=nothing", "columns=nothing: there is no such column"),
    ],
)
def test_query_that_cannot_be_answered_is_explained(address: str, part: str) -> None:
    query = parse_table_query(QueryParams(address))
    problems = problems_of(query, COLUMNS)
    assert len(problems) == 1
    assert part in problems[0]


def test_columns_of_metrics_are_accepted_before_anything_was_logged() -> None:
    query = parse_table_query(QueryParams("sort=last.Loss&columns=min.val/Loss&smoothing=0.6"))
    assert problems_of(query, COLUMNS) == []
    assert query.metrics == {"Loss"}


def test_links_carry_everything_else_along() -> None:
    query = parse_table_query(
        QueryParams("smoothing=0.6&run=a&run=b&p.lr=1..2&p.lr=3&page=4&hide=a b")
    )
    kept = dict(parse_qsl(link(query.pairs, sort="p.lr", page=None).removeprefix("?")))
    assert kept["smoothing"] == "0.6"
    assert kept["hide"] == "a b"
    assert kept["sort"] == "p.lr"
    assert "page" not in kept
    without = link(query.without_filter("p.lr", "3"))
    assert without == "?smoothing=0.6&run=a&run=b&p.lr=1..2&hide=a+b"


def order(rows: list[Row], sort: str, direction: Any = "asc") -> list[int]:
    column = run_columns("Accuracy", describe_hyperparameters(rows)).find(sort)
    assert column is not None
    return [one.index for one in sort_rows(rows, column, direction)]


def test_runs_are_listed_by_number_also_while_they_wait() -> None:
    rows = [row(1), row(2, state="pending"), row(3), row(4, started_at=None, state="pending")]
    assert order(rows, "index", "desc") == [4, 3, 2, 1]
    assert order(rows, "index", "asc") == [1, 2, 3, 4]


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_runs_without_a_value_come_last_either_way(direction: str) -> None:
    rows = [row(1), row(2, best_value=float("nan")), row(3, best_value=0.5)]
    assert order(rows, "best_value", direction)[0] == 3
    assert order(rows, "best.Accuracy", direction)[0] == 3


def test_mixed_hyperparameters_can_be_sorted_and_described() -> None:
    values = ["adam", 3, None, 1.5, True, [1]]
    rows = [row(n, hyperparameters={"x": value}) for n, value in enumerate(values)]
    assert order(rows, "p.x")[0] == 4
    assert order(rows, "p.x")[-1] == 2
    described = describe_hyperparameters(rows)["x"]
    assert not described.is_number
    assert described.values is not None
    assert len(described.values) == 6


@given(st.lists(st.none() | st.integers(-3, 3) | st.floats() | st.text(max_size=2), min_size=1))
def test_order_follows_the_keys_for_any_values(values: list[Any]) -> None:
    rows = [row(n, hyperparameters={"x": value}) for n, value in enumerate(values)]
    keys = [comparable(value) for value in values]
    known = [n for n, key in enumerate(keys) if key is not None]
    rest = [n for n, key in enumerate(keys) if key is None]
    ascending = sorted(known, key=lambda n: keys[n] or (0, 0))
    assert order(rows, "p.x", "asc") == ascending + rest
    descending = sorted(known, key=lambda n: keys[n] or (0, 0), reverse=True)
    assert order(rows, "p.x", "desc") == descending + rest


def test_longest_duration_first_puts_running_runs_first() -> None:
    rows = [row(1), row(2, ended_at=None, state="running"), row(3, ended_at=500.0)]
    assert order(rows, "duration", "desc") == [2, 3, 1]


def test_query_without_parameters_leaves_everything_to_the_table() -> None:
    assert parse_table_query(QueryParams("")) == TableQuery()
