"""Convert tables in the forms that scripts use to columns and rows that JSON can hold."""

import json

from ..kinds import MOST_TABLE_BYTES, MOST_TABLE_COLUMNS, MOST_TABLE_ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

_ALL = (1 << 31) - 1


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
        """Encode as JSON. Of a huge table, keep in `rows` only those that fit into 16 MiB."""
        while True:
            data = json.dumps({"columns": self.columns, "rows": self.rows}).encode("ascii")
            if len(data) <= MOST_TABLE_BYTES or not self.rows:
                return data
            self.rows = self.rows[: len(self.rows) * MOST_TABLE_BYTES // (len(data) + 1)]


def table_of(rows: "Any", columns: "Sequence[str] | None" = None) -> TableContent:
    """Convert a table to columns and rows that JSON can hold.

    Args:
        rows: a list of dicts, a dict of columns, a pandas or polars data frame, or, with `columns`,
            a list of lists. The row labels of pandas become columns, unless they only count.

    Raises:
        TypeError: it is nothing of these.
        ValueError: lengths do not fit.
    """
    names, found, n_rows = cells_of(rows, columns, MOST_TABLE_ROWS)
    if len(names) > MOST_TABLE_COLUMNS:
        raise ValueError(f"a table has at most {MOST_TABLE_COLUMNS} columns, not {len(names)}")
    texts = [str(name).encode("utf-8", "replace").decode() for name in names]
    return TableContent(texts, [[_cell(cell) for cell in row] for row in found], n_rows)


def cells_of(
    rows: "Any",
    columns: "Sequence[str] | None" = None,
    most: int = _ALL,
    *,
    has_labels: bool = True,
) -> "tuple[list[Any], Any, int]":
    """Return the names of the columns, the first rows as they are, and how many rows there are.

    Args:
        has_labels: the row labels of pandas become columns, unless they only count.

    Raises:
        TypeError, ValueError: as `table_of`.
    """
    if callable(getattr(rows, "to_frame", None)) and not hasattr(rows, "columns"):  # one column
        rows = rows.to_frame()
    if hasattr(rows, "iloc") and hasattr(rows, "to_dict"):  # pandas
        return _of_pandas(rows, most, has_labels=has_labels)
    if callable(getattr(rows, "rows", None)) and hasattr(rows, "columns"):  # polars
        return list(rows.columns), rows.head(most).rows(), rows.height
    if hasattr(rows, "items"):
        return _of_columns(dict(rows), most)
    if callable(getattr(rows, "tolist", None)):
        rows = rows.tolist()
    if not isinstance(rows, (list, tuple)):
        raise TypeError(
            f"cannot make a table from {type(rows).__qualname__}. Pass a list of dicts, a dict of "
            "columns, or a pandas or polars data frame"
        )
    return _of_rows(rows, columns, most)


def _of_pandas(
    frame: "Any", most: int, *, has_labels: bool
) -> "tuple[list[Any], list[list[Any]], int]":
    head = frame.head(most)
    names, cells = list(head.columns), head.to_dict("split")["data"]
    if not has_labels or _only_counts(head.index):
        return names, cells, len(frame)
    levels = list(head.index.names)
    labels = head.index.tolist() if len(levels) > 1 else [(label,) for label in head.index]
    return (
        [*_label_names(levels, names), *names],
        [[*label, *row] for label, row in zip(labels, cells, strict=True)],
        len(frame),
    )


def _only_counts(index: "Any") -> bool:
    """Return whether the row labels are 0, 1, 2, … without a name, as pandas makes them."""
    if any(name is not None for name in index.names):
        return False
    is_whole = getattr(index.dtype, "kind", "") in ("i", "u")
    return not len(index) or (is_whole and index.tolist() == list(range(len(index))))


def _label_names(levels: "list[Any]", columns: "list[Any]") -> "list[str]":
    """Return names for the columns of row labels that no other column has."""
    taken = set(map(str, columns))
    names: list[str] = []
    for number, level in enumerate(levels):
        unnamed = "index" if len(levels) == 1 else f"level_{number}"
        stem = unnamed if level is None else str(level)
        names.append(next(name for name in _numbered(stem) if name not in taken))
        taken.add(names[-1])
    return names


def _numbered(stem: str) -> "Iterator[str]":
    yield stem
    yield f"{stem} (index)"
    number = 2
    while True:
        yield f"{stem} (index {number})"
        number += 1


def _of_columns(columns: "dict[Any, Any]", most: int) -> "tuple[list[Any], Any, int]":
    values = [list(column) for column in columns.values()]
    lengths = {len(column) for column in values}
    if len(lengths) > 1:
        shown = ", ".join(f"{name!r}: {len(v)}" for name, v in zip(columns, values, strict=True))
        raise ValueError(f"the columns of a table must have one length, but have {shown}")
    n_rows = lengths.pop() if lengths else 0
    heads = [column[:most] for column in values]
    return list(columns), zip(*heads, strict=True), n_rows


def _of_rows(
    rows: "Sequence[Any]", columns: "Sequence[str] | None", most: int
) -> "tuple[list[Any], Any, int]":
    head = rows[:most]
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
