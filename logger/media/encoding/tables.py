"""Tables in the forms that scripts have them → columns and rows that JSON can hold."""

import json

from ..kinds import MOST_TABLE_BYTES, MOST_TABLE_COLUMNS, MOST_TABLE_ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class TableContent:
    """Columns by name, and rows of cells: numbers, texts, truth values and None.

    Attributes:
        n_rows: how many there were. `rows` holds the first ones.
    """

    __slots__ = ("columns", "n_rows", "rows")

    def __init__(self, columns: "list[str]", rows: "list[list[Any]]", n_rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.n_rows = n_rows

    def encode(self) -> bytes:
        """As JSON. Of a huge table only the rows that fit into 16 MiB, which `rows` then holds."""
        while True:
            data = json.dumps({"columns": self.columns, "rows": self.rows}).encode("ascii")
            if len(data) <= MOST_TABLE_BYTES or not self.rows:
                return data
            self.rows = self.rows[: len(self.rows) * MOST_TABLE_BYTES // (len(data) + 1)]


def table_of(rows: "Any", columns: "Sequence[str] | None" = None) -> TableContent:
    """
    Args:
        rows: a list of dicts, a dict of columns, a pandas or polars data frame, or, with `columns`,
            a list of lists.

    Raises:
        TypeError: it is nothing of these.
        ValueError: lengths do not fit.
    """
    names, found, n_rows = _taken_apart(rows, columns)
    if len(names) > MOST_TABLE_COLUMNS:
        raise ValueError(f"a table has at most {MOST_TABLE_COLUMNS} columns, not {len(names)}")
    texts = [str(name).encode("utf-8", "replace").decode() for name in names]
    return TableContent(texts, [[_cell(cell) for cell in row] for row in found], n_rows)


def _taken_apart(rows: "Any", columns: "Sequence[str] | None") -> "tuple[list[Any], Any, int]":
    if hasattr(rows, "iloc") and hasattr(rows, "to_dict"):  # pandas
        head = rows.head(MOST_TABLE_ROWS)
        if any(name is not None for name in rows.index.names):
            head = head.reset_index()
        return list(head.columns), head.to_dict("split")["data"], len(rows)
    if callable(getattr(rows, "rows", None)) and hasattr(rows, "columns"):  # polars
        return list(rows.columns), rows.head(MOST_TABLE_ROWS).rows(), rows.height
    if hasattr(rows, "items"):
        return _of_columns(dict(rows))
    if callable(getattr(rows, "tolist", None)):
        rows = rows.tolist()
    if not isinstance(rows, (list, tuple)):
        raise TypeError(
            f"cannot make a table from {type(rows).__qualname__}. Pass a list of dicts, a dict of "
            "columns, or a pandas or polars data frame"
        )
    return _of_rows(rows, columns)


def _of_columns(columns: "dict[Any, Any]") -> "tuple[list[Any], Any, int]":
    values = [list(column) for column in columns.values()]
    lengths = {len(column) for column in values}
    if len(lengths) > 1:
        said = ", ".join(f"{name!r}: {len(v)}" for name, v in zip(columns, values, strict=True))
        raise ValueError(f"the columns of a table must have one length, but have {said}")
    n_rows = lengths.pop() if lengths else 0
    heads = [column[:MOST_TABLE_ROWS] for column in values]
    return list(columns), zip(*heads, strict=True), n_rows


def _of_rows(
    rows: "Sequence[Any]", columns: "Sequence[str] | None"
) -> "tuple[list[Any], Any, int]":
    head = rows[:MOST_TABLE_ROWS]
    if all(hasattr(row, "items") for row in head):
        names = list(columns or dict.fromkeys(name for row in head for name in row))
        return names, [[row.get(name) for name in names] for row in head], len(rows)
    try:
        cells = [list(row) for row in head if not isinstance(row, str)]
    except TypeError:
        cells = []
    if len(cells) < len(head):
        raise TypeError("the rows of a table are dicts, or lists of cells with columns=[…]")
    widest = max(map(len, cells))
    names = [f"column {n + 1}" for n in range(widest)] if columns is None else list(columns)
    if any(len(row) != len(names) for row in cells):
        raise ValueError(f"each row of the table needs {len(names)} cells, one for each column")
    return names, cells, len(rows)


def _cell(value: "Any") -> "Any":
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "size", 1) == 1:
        try:
            return _cell(item())
        except (ValueError, RuntimeError, RecursionError):
            pass
    return str(value).encode("utf-8", "replace").decode()
