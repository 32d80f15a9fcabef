"""Grouped rows as lines of a file: the name of each group, its runs, means and spreads. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from ml_tracking_ops.orchestrator.store.combinations import spread_of

from ..cells import numeric_values
from ..column import Column
from ..rows import Row

_OF_ONE_RUN = frozenset(("index", "name", "label", "path", "note", "started_at", "best_step"))


def grouped_columns(columns: Iterable[Column]) -> list[Column]:
    """Return the columns that describe several runs together."""
    return [one for one in columns if one.key not in _OF_ONE_RUN and one.key != "state"]


def grouped_headings(columns: Sequence[Column]) -> list[str]:
    return ["group", "n", *(text for one in columns for text in _headings(one))]


def grouped_lines(rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[list[object]]:
    """Yield the mean and the standard deviation of a column of numbers, the latter None for a
    single value."""
    for row in rows:
        name, n_runs = (row.name, 1) if row.group is None else (row.group.name, row.group.n_runs)
        yield [name, n_runs, *(value for one in columns for value in _values(row, one))]


def _headings(column: Column) -> list[str]:
    name = column.export_heading
    return [name, f"{name}.std"] if column.is_number else [name]


def _values(row: Row, column: Column) -> list[object]:
    value = column.value(row)
    if not column.is_number:
        return [value]
    return [value, spread_of(numeric_values(column.value(run) for run in row.runs))]
