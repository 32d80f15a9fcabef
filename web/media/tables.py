"""A logged table, sorted, filtered and cut on the server: a page holds some rows alone."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from ml_tracking_ops.logger.media.reading import MediaTable

MOST_ROWS = 200
_MOST_CELL = 500
_COMPARISON = re.compile(r"(?P<column>.+?)(?P<sign>>=|<=|!=|=|>|<)(?P<value>.*)")

TableCells = Sequence[Any]


class TablePart(TypedDict):
    """Some rows of a table.

    Attributes:
        n_matching: of the rows that were kept. `n_kept` of `n_rows` were.
    """

    step: int
    columns: list[str]
    is_number: list[bool]
    rows: list[list[Any]]
    first: int
    n_matching: int
    n_kept: int
    n_rows: int


def part_of(
    table: MediaTable,
    step: int,
    search: str,
    sort: int | None,
    *,
    is_down: bool,
    first: int,
    number: int,
) -> TablePart:
    """Some rows of those that match.

    Args:
        search: words that a row must hold, and comparisons: `cat p>0.5`.
        sort: the number of a column. Without one in the order in which they were logged.
    """
    tests = [_test(table, word) for word in search.split()]
    rows: list[TableCells] = [row for row in table.rows if all(test(row) for test in tests)]
    if sort is not None and 0 <= sort < len(table.columns):
        rows.sort(key=lambda row: _order(row[sort]), reverse=is_down)
        rows.sort(key=lambda row: _is_empty(row[sort]))
    return {
        "step": step,
        "columns": list(table.columns),
        "is_number": [_is_number_column(table, n) for n in range(len(table.columns))],
        "rows": [[_cell(cell) for cell in row] for row in rows[first : first + number]],
        "first": first,
        "n_matching": len(rows),
        "n_kept": len(table.rows),
        "n_rows": table.n_rows,
    }


def _test(table: MediaTable, word: str) -> Callable[[TableCells], bool]:
    found = _COMPARISON.fullmatch(word)
    if found is None or found["column"] not in table.columns:
        wanted = word.casefold()
        return lambda row: any(wanted in _text(cell).casefold() for cell in row)
    place, sign, value = table.columns.index(found["column"]), found["sign"], found["value"]
    number = _number(value)
    if sign in ("=", "!="):
        return lambda row: _is_equal(row[place], value, number) == (sign == "=")
    compare: dict[str, Callable[[float, float], bool]] = {
        ">": lambda a, b: a > b,
        "<": lambda a, b: a < b,
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
    }
    test = compare[sign]
    return lambda row: number is not None and _is_number(row[place]) and test(row[place], number)


def _is_equal(cell: Any, text: str, number: float | None) -> bool:
    if number is not None and _is_number(cell):
        return bool(cell == number)
    return _text(cell).casefold() == text.casefold()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _is_number_column(table: MediaTable, place: int) -> bool:
    cells = [row[place] for row in table.rows if row[place] is not None]
    return bool(cells) and all(map(_is_number, cells))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _order(cell: Any) -> tuple[int, float, str]:
    """Numbers before texts."""
    if _is_empty(cell):
        return 2, 0.0, ""
    return (0, cell, "") if _is_number(cell) else (1, 0.0, _text(cell).casefold())


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _cell(cell: Any) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return "NaN" if math.isnan(cell) else "∞" if cell > 0 else "−∞"
    return cell[:_MOST_CELL] if isinstance(cell, str) else cell
