"""A page of a table: columns, cells and the links that sort and turn it."""

from rows import row
from starlette.datastructures import QueryParams

from ml_tracking_ops.web.runs.decimals import pads
from ml_tracking_ops.web.tables.columns import EXPERIMENT_COLUMNS, run_columns
from ml_tracking_ops.web.tables.experiments_table import first_statistics
from ml_tracking_ops.web.tables.hyperparameters import describe_hyperparameters
from ml_tracking_ops.web.tables.query import parse_table_query
from ml_tracking_ops.web.tables.table import (
    PAGE_SIZE,
    TablePage,
    build_table,
    page_number,
    page_rows,
)

ROWS = [row(n, hyperparameters={"lr": n / 3}, best_value=n / 7) for n in range(PAGE_SIZE + 1)]


def table_of(address: str) -> TablePage:
    query = parse_table_query(QueryParams(address))
    page, _ = page_number(len(ROWS), query.page)
    columns = run_columns("Accuracy", describe_hyperparameters(ROWS))
    keys = ["index", "p.lr", "best_value", "last.Loss", "curve"]
    return build_table(
        page_rows(ROWS, page),
        [column for key in keys if (column := columns.find(key)) is not None],
        query,
        n_total=len(ROWS),
        n_found=len(ROWS),
        first=(page - 1) * PAGE_SIZE + 1,
        default_sort=columns.default_sort,
    )


def test_page_beyond_the_last_is_the_last() -> None:
    table = table_of("page=99")
    assert (table.page, table.n_pages, len(table.lines)) == (2, 2, 1)
    assert table.lines[0].number == PAGE_SIZE + 1


def test_links_carry_on_what_the_address_holds() -> None:
    table = table_of("metric=a+b&sort=best_value&order=asc")
    assert table.next_href == "?metric=a+b&sort=best_value&order=asc&page=2"
    best = next(one for one in table.headings if one.column.heading == "Best Accuracy")
    assert best.sorted == "ascending"
    assert best.href == "?metric=a+b&sort=best_value"


def test_cells_show_needed_digits_and_the_rest_on_hover() -> None:
    lr = table_of("").lines[1].cells[1]
    assert (lr.text, lr.title) == ("0.33333", str(1 / 3))
    assert [column.is_number for column in table_of("").columns] == [False, True, True, True, False]
    assert table_of("").lines[1].cells[3].text == "–"


def test_numbers_are_padded_to_the_longest_fraction() -> None:
    texts = ["0.9508", "−0.76535", "12", "0.5", "1e-5", "–", "NaN"]
    assert pads(texts) == ["0", "", ".00000", "0000", "000", "", ""]
    assert pads(["32", "128"]) == ["", ""]
    assert [line.cells[2].pad for line in table_of("").lines[:2]] == [".00000", ""]


def first_keys(metrics: list[str]) -> list[str]:
    return [column.key for column in first_statistics(EXPERIMENT_COLUMNS, metrics)]


def test_first_columns_of_experiments_say_how_good_they_are() -> None:
    assert first_keys(["lr", "loss"]) == ["best.loss", "last.loss"]
    assert first_keys(["lr", "step time"]) == ["last.lr", "last.step time"]
    assert first_keys(["lr", "norm", "loss/train", "loss/validation", "accuracy"]) == [
        "best.loss/validation",
        "best.loss/train",
        "best.accuracy",
    ]
