"""The registry of columns: what a column says is what sorting, exports and the page use."""

from dataclasses import replace

from rows import row
from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.web.series.goals import Goals
from ml_tracking_ops.web.series.summaries import MetricSummary
from ml_tracking_ops.web.tables.cells import Cell
from ml_tracking_ops.web.tables.column import Column, TableColumns, TableFacts
from ml_tracking_ops.web.tables.columns import EXPERIMENT_COLUMNS, run_columns
from ml_tracking_ops.web.tables.hyperparameters import describe_hyperparameters
from ml_tracking_ops.web.tables.query import parse_table_query
from ml_tracking_ops.web.tables.selection import problems_of, select_rows, sort_rows
from ml_tracking_ops.web.tables.table import build_table

ROWS = [row(1, reason="exit code 7"), row(2, reason="exit code 12"), row(3)]
CODE = Column(
    key="exit_code",
    heading="Exit code",
    title="The exit code of the process",
    value=lambda row: int(row.reason.split()[-1]) if row.reason else None,
    cell=lambda row: Cell(row.reason or "–"),
    is_number=True,
    search=lambda row: ("code seven",) if row.index == 1 else (),
    export_key="code",
)


def with_code() -> TableColumns:
    known = run_columns("Accuracy")
    return replace(known, after=(*known.after, CODE))


def test_new_column_is_sorted_searched_offered_exported_and_drawn_from_its_entry_alone() -> None:
    columns = with_code()
    query = parse_table_query(QueryParams("sort=exit_code&columns=exit_code"))
    assert problems_of(query, columns) == []
    by_code = sort_rows(ROWS, columns.sorted_by(query), "desc")
    assert [one.index for one in by_code] == [2, 1, 3]
    seven = parse_table_query(QueryParams("q=code+seven"))
    assert [one.index for one in select_rows(ROWS, seven, columns)] == [1]
    offered = columns.offered(TableFacts())
    assert columns.chosen(query, offered, []) == [CODE]
    assert [one.export_heading for one in columns.to_export(query)] == ["index", "name", "code"]
    table = build_table(ROWS, [CODE], query, n_total=3, n_found=3, default_sort="index")
    assert table.headings[0].href == "?columns=exit_code&sort=exit_code&order=asc"
    assert [line.cells[0].text for line in table.lines] == ["exit code 7", "exit code 12", "–"]


def test_keys_are_unique_in_each_table() -> None:
    for columns in (run_columns("Accuracy"), EXPERIMENT_COLUMNS):
        keys = [column.key for column in columns.ordered]
        assert len(keys) == len(set(keys))


def test_columns_without_values_are_not_offered() -> None:
    keys = {one.key for one in run_columns(None).offered(TableFacts())}
    assert keys == {"state", "duration", "started_at"}
    facts = TableFacts(
        frozenset(("label", "tags", "note")),
        has_metric=True,
        has_repeats=True,
        are_runs_apart=True,
    )
    every = [one.key for one in run_columns("Loss").offered(facts)]
    assert every == [
        "state",
        "label",
        "tags",
        "best_value",
        "best_step",
        "mean",
        "curve",
        "duration",
        "started_at",
    ]


def test_unknown_column_is_not_found_but_those_of_any_metric_are() -> None:
    columns = run_columns("Accuracy")
    assert columns.find("nothing") is None
    assert columns.find("p.lr") is None
    last = columns.find("last.never logged")
    assert last is not None
    assert last.heading == "Last never logged"


def test_filters_of_a_table_are_those_of_its_columns_and_of_metrics() -> None:
    rows = [row(1, hyperparameters={"lr": 0.1}), row(2, hyperparameters={"lr": 0.2})]
    columns = run_columns("Accuracy", describe_hyperparameters(rows))
    keys = [one.filter.key for one in columns.filterable(["Loss"]) if one.filter is not None]
    assert keys == ["p.lr", "m.Loss"]
    assert columns.of_filter("p.lr").heading == "lr"
    assert columns.of_filter("m.Loss").heading == "Best Loss"


def summary(low: float, high: float, last: float) -> MetricSummary:
    return MetricSummary(3, last, 9, low, high)


def test_best_of_a_metric_follows_its_goal_and_the_first_click_sorts_best_first() -> None:
    rows = [row(n, metrics={"m": summary(n, 10.0 - n, 5.0)}) for n in (1, 2, 3)]
    goals: list[Goal] = ["min", "max"]
    for goal in goals:
        columns = replace(EXPERIMENT_COLUMNS, goals=Goals(chosen={"m": goal}))
        best = columns.statistic("best", "m")
        query = parse_table_query(QueryParams(""))
        table = build_table(rows, [best], query, n_total=3, n_found=3, default_sort="started_at")
        (heading,) = table.headings
        is_min = goal == "min"
        assert heading.href == "?sort=best.m" + ("&order=asc" if is_min else "")
        assert heading.direction is not None
        assert heading.direction.arrow == ("↓" if is_min else "↑")
        assert [line.cells[0].text for line in table.lines] == (
            ["1", "2", "3"] if is_min else ["9", "8", "7"]
        )


def test_no_best_is_claimed_of_a_metric_without_a_goal() -> None:
    best = EXPERIMENT_COLUMNS.statistic("best", "reward")
    one = row(1, metrics={"reward": summary(1.0, 9.0, 5.0)})
    assert (best.heading, best.value(one), best.cell(one).follows) == ("Last reward", 5.0, "last")
    assert best.export_heading == "last.reward"
    heading = build_table(
        [one], [best], parse_table_query(QueryParams("")), n_total=1, n_found=1, default_sort="name"
    ).headings[0]
    assert heading.direction is not None
    assert "not known" in heading.direction.text


def test_goal_of_the_sweep_decides_for_its_metric() -> None:
    goals = Goals(own={"Accuracy": "min"}, chosen={"Accuracy": "max"})
    columns = run_columns("Accuracy", goals=goals)
    best = columns.find("best_value")
    assert best is not None
    assert (best.goal, best.first_order, best.is_goal_fixed) == ("min", "asc", True)
    assert columns.statistic("last", "Accuracy").is_goal_fixed


def test_names_are_sorted_as_people_number_them() -> None:
    names = ["run_10", "Run_2", "run_1", "run_02b", "10", "9", "x" + "9" * 5000, "x1"]
    rows = [replace(row(n), name=name) for n, name in enumerate(names, 1)]
    query = parse_table_query(QueryParams("sort=name&order=asc"))
    ordered = sort_rows(rows, EXPERIMENT_COLUMNS.sorted_by(query), "asc")
    expected = ["9", "10", "run_1", "Run_2", "run_02b", "run_10", "x1", "x" + "9" * 5000]
    assert [one.name for one in ordered] == expected
