"""A logged table, sorted, filtered and cut on the server: a page holds only some rows."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from ml_tracking_ops.logger.media.reading import MediaTable
from ml_tracking_ops.orchestrator.store.files.fields import is_number

MOST_ROWS = 200
_MOST_CELL = 500
_MOST_WHOLE = (1 << 53) - 1
"""Scripts read larger whole numbers without their last digits."""
_WORD = re.compile(r'(?:"[^"]*"|\S)+')
_COMPARISON = re.compile(r'(?P<column>"[^"]+"|.+?)(?P<sign>>=|<=|!=|=|>|<)(?P<value>.*)')

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


class TableAnswer(TablePart):
    """Some rows of one of the tables of a step: that at `place`."""

    place: int
    n_items: int


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
    """Return some of the rows that match.

    Args:
        search: words that a row must contain, and comparisons: `cat p>0.5`. Words with spaces
            are in quotes: `"image name"=3.png`.
        sort: the number of a column. By default the rows are in the order logged.
        first: the place of the first row. If there are fewer, the last rows are returned.
    """
    tests = [_test(table, word) for word in _WORD.findall(search)]
    rows: list[TableCells] = [row for row in table.rows if all(test(row) for test in tests)]
    if sort is not None and 0 <= sort < len(table.columns):
        rows.sort(key=lambda row: _order(row[sort]), reverse=is_down)
        rows.sort(key=lambda row: _is_empty(row[sort]))
    if first >= len(rows):
        first = max(0, len(rows) - 1) // number * number
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
    column = "" if found is None else _unquoted(found["column"])
    if found is None or column not in table.columns:
        wanted = _unquoted(word).casefold()
        return lambda row: any(wanted in _text(cell).casefold() for cell in row)
    place, sign, value = table.columns.index(column), found["sign"], _unquoted(found["value"])
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
    return lambda row: number is not None and is_number(row[place]) and test(row[place], number)


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return text[1:-1] if is_quoted else text


def _is_equal(cell: Any, text: str, number: float | None) -> bool:
    if number is not None and is_number(cell):
        return bool(cell == number)
    return _text(cell).casefold() == text.casefold()


def _number(text: str) -> float | None:
    for read in (int, float):  # a float would lose digits of a long whole number
        try:
            return read(text)
        except ValueError:
            pass
    return None


def _is_number_column(table: MediaTable, place: int) -> bool:
    cells = [row[place] for row in table.rows if row[place] is not None]
    return bool(cells) and all(map(is_number, cells))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _order(cell: Any) -> tuple[int, float, str]:
    """Return a sort key that puts numbers before texts."""
    if _is_empty(cell):
        return 2, 0.0, ""
    return (0, cell, "") if is_number(cell) else (1, 0.0, _text(cell).casefold())


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _cell(cell: Any) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return "NaN" if math.isnan(cell) else "∞" if cell > 0 else "−∞"
    if isinstance(cell, int) and abs(cell) > _MOST_WHOLE:
        cell = str(cell)
    return cell[:_MOST_CELL] if isinstance(cell, str) else cell
