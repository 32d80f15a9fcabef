"""A page of a table of runs or experiments, ready for the template: columns, cells, links. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import RunState

from ..runs.decimals import pads
from .cells import Cell
from .column import Column
from .columns import duration_of
from .query import Order, TableQuery, link
from .rows import Row

PAGE_SIZE = 25


@dataclass(frozen=True)
class Heading:
    """A column of the page's table. `href` sorts by it, `sorted` is the current order."""

    column: Column
    href: str | None
    sorted: str | None = None

    @property
    def direction(self) -> "Direction | None":
        """Which values of its metric are good, or None for a column without a metric."""
        column = self.column
        return None if column.metric is None else Direction(column.metric, column.goal)


@dataclass(frozen=True)
class Direction:
    """Whether lower or higher values of a metric are better, as shown in its heading."""

    metric: str
    goal: Goal | None

    @property
    def arrow(self) -> str:
        return "↕" if self.goal is None else "↓" if self.goal == "min" else "↑"

    @property
    def text(self) -> str:
        if self.goal is None:
            return f"{self.metric}: not known which values are better"
        return f"{self.metric}: {'lower' if self.goal == 'min' else 'higher'} is better"

    @property
    def flip(self) -> dict[str, object]:
        """The request of the button that reverses it."""
        goal = "min" if self.goal == "max" else "max"
        return {"path": "/api/goal", "body": {"metric": self.metric, "goal": goal}}


@dataclass(frozen=True)
class TableLine:
    """A row with a cell for each column. `number` is its place in the whole table, from 1."""

    row: Row
    cells: tuple[Cell, ...]
    number: int
    toggle_href: str = ""

    @property
    def states(self) -> Mapping[RunState, int]:
        """How many runs of a combination are in each state."""
        return Counter(run.state for run in self.row.runs)

    @property
    def duration_s(self) -> float | None:
        """How long the runs of a combination took together, or None while one of them runs."""
        return duration_of(self.row)


@dataclass(frozen=True)
class TablePage:
    """A part of a table: one page of it, or the rows that a scrolled table holds (`is_window`).

    `are_apart`: whether each run has a row of its own. `n_groups`: how many groups the rows are in,
    if any. `first` is the number of the first row in the whole table, counted from 1. `query` leads
    from the page of a run to the rows above and below.
    """

    headings: tuple[Heading, ...]
    lines: tuple[TableLine, ...]
    n_total: int
    n_found: int
    page: int
    n_pages: int
    first: int
    previous_href: str
    next_href: str
    is_window: bool
    selected: frozenset[str]
    query: str = ""
    are_apart: bool = True
    n_groups: int | None = None

    @property
    def columns(self) -> list[Column]:
        return [heading.column for heading in self.headings]

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def is_page_selected(self) -> bool:
        """Whether all runs of the page that have started are selected. A window holds more rows."""
        end = self.page * PAGE_SIZE
        on_page = [line.row for line in self.lines if end - PAGE_SIZE < line.number <= end]
        ids = [one for row in on_page for one in row.ids]
        return bool(ids) and self.selected.issuperset(ids)


@dataclass(frozen=True)
class RowRange:
    """A range of rows of a table: `first` is counted from 1."""

    rows: Sequence[Row]
    first: int


def cut_rows(found: Sequence[Row], query: TableQuery) -> RowRange:
    """Return the window in the query, or else the page."""
    if query.window is not None:
        first = min(query.window[0], max(1, len(found)))
        return RowRange(found[first - 1 : query.window[1]], first)
    page, _ = page_number(len(found), query.page)
    return RowRange(page_rows(found, page), (page - 1) * PAGE_SIZE + 1)


def page_number(n_rows: int, page: int) -> tuple[int, int]:
    """Return which page is shown, and how many there are. One beyond the last is the last."""
    n_pages = max(1, math.ceil(n_rows / PAGE_SIZE))
    return min(max(1, page), n_pages), n_pages


def page_rows(found: Sequence[Row], page: int) -> Sequence[Row]:
    """Return the rows of a page, counted from 1."""
    return found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]


def build_table(
    shown: Sequence[Row],
    columns: Sequence[Column],
    query: TableQuery,
    *,
    n_total: int,
    n_found: int,
    default_sort: str,
    default_order: Order = "desc",
    first: int = 1,
    selected: frozenset[str] | None = None,
    are_apart: bool = True,
    n_groups: int | None = None,
) -> TablePage:
    """Return some columns of the rows `shown`.

    Args:
        default_sort: the key of the column that rows are sorted by if none was chosen, in the order
            `default_order`.
        first: the number of the first of the rows in the whole table, counted from 1.
        selected: the ids of selected rows, if the address does not have them all.
        are_apart: whether each run of a combination has a row of its own.
    """
    page, n_pages = page_number(n_found, query.page)
    return TablePage(
        headings=tuple(_heading(column, query, default_sort, default_order) for column in columns),
        lines=_lines(shown, columns, first, query),
        n_total=n_total,
        n_found=n_found,
        page=page,
        n_pages=n_pages,
        first=first,
        previous_href=page_link(query, page - 1),
        next_href=page_link(query, page + 1),
        is_window=query.window is not None,
        selected=frozenset(query.selected or ()) if selected is None else selected,
        query=query.of_table,
        are_apart=are_apart,
        n_groups=n_groups,
    )


def page_link(query: TableQuery, page: int) -> str:
    return link(query.pairs, page=page if page > 1 else None)


def _heading(column: Column, query: TableQuery, default_sort: str, default_order: Order) -> Heading:
    wanted = column.first_order
    if wanted is None:
        return Heading(column, None)
    sort = query.sort or default_sort
    order = query.order or (default_order if sort == default_sort else "desc")
    if sort == column.key:
        wanted = "asc" if order == "desc" else "desc"
    href = link(
        query.pairs,
        sort=None if column.key == default_sort else column.key,
        order=None
        if wanted == (default_order if column.key == default_sort else "desc")
        else wanted,
        page=None,
    )
    words = {"asc": "ascending", "desc": "descending"}
    return Heading(column, href, words[order] if sort == column.key else None)


def _lines(
    shown: Sequence[Row], columns: Iterable[Column], first: int, query: TableQuery
) -> tuple[TableLine, ...]:
    by_column = [_cells(shown, column) for column in columns]
    return tuple(
        TableLine(
            row,
            tuple(column[n] for column in by_column),
            first + n,
            query.toggled(row.index) if row.runs else "",
        )
        for n, row in enumerate(shown)
    )


def _cells(shown: Sequence[Row], column: Column) -> list[Cell]:
    cells = [column.cell(row) for row in shown]
    if not column.is_number:
        return cells
    found = pads([cell.text for cell in cells])
    return [replace(cell, pad=pad) if pad else cell for cell, pad in zip(cells, found, strict=True)]
