"""A page of a table of runs or experiments, ready for the template: columns, cells, links. Pure."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..runs.decimals import pads
from ..runs.formats import format_number, format_step
from ..series.summaries import goal_by_name
from .means import mean_text
from .query import HYPERPARAMETER, Order, TableQuery, link, split_statistic
from .values import value_of

PAGE_SIZE = 25
_ASCENDING_FIRST = ("status", "name", "tags", "label", "note")
_STATISTIC_WORDS = {"best": "Best", "last": "Last", "min": "Lowest", "max": "Highest"}
_NOT_SORTABLE = ("curve",)
_NUMBERS = ("best_value", "best_step", "mean", "duration", "started_at")
_WORDS = {
    "index": ("Run", "Run"),
    "name": ("Experiment", "Experiment"),
    "status": ("State", "State, and why it ended"),
    "label": ("Name", "The name that somebody gave it"),
    "tags": ("Tags", "Tags"),
    "note": ("Note", "Note"),
    "best_step": ("at step", "Step of the best value"),
    "mean": ("Mean", "Mean over the repeats of the combination, ± standard deviation"),
    "started_at": ("Started", "When it started"),
    "duration": ("Duration", "Duration"),
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """`kind` says how the template draws its cells: ``value``, or the key itself."""

    key: str
    kind: str
    label: str
    title: str
    href: str | None
    is_number: bool = False
    sorted: str | None = None


@dataclass(frozen=True)
class Cell:
    """`follows`: what the cell is of a metric (last, min or max), `step`: of which step.

    `pad`: the digits that it lacks for its point to stand below that of the others.
    """

    text: str
    title: str = ""
    follows: str | None = None
    metric: str = ""
    step: int | None = None
    pad: str = ""


@dataclass(frozen=True)
class Table:
    """A part of a table: one page of it, or the rows that a scrolled table holds (`is_window`).

    `first` is the number of the first row in the whole table, counted from 1; `query` leads from
    the page of a run to the rows above and below.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
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

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


@dataclass(frozen=True)
class Cut:
    """Which rows of a table are sent: `first` is counted from 1."""

    rows: Sequence[Row]
    first: int


def cut_rows(found: Sequence[Row], query: TableQuery) -> Cut:
    """The window that the query asks for, or else the page."""
    if query.window is not None:
        first = min(query.window[0], max(1, len(found)))
        return Cut(found[first - 1 : query.window[1]], first)
    page, _ = page_of(len(found), query.page)
    return Cut(page_rows(found, page), (page - 1) * PAGE_SIZE + 1)


def page_of(n_rows: int, page: int) -> tuple[int, int]:
    """Which page is shown, and how many there are; one beyond the last is the last."""
    n_pages = max(1, math.ceil(n_rows / PAGE_SIZE))
    return min(max(1, page), n_pages), n_pages


def page_rows(found: Sequence[Row], page: int) -> Sequence[Row]:
    """The rows of a page, counted from 1."""
    return found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]


def build_table(
    shown: Sequence[Row],
    keys: Iterable[str],
    query: TableQuery,
    *,
    n_total: int,
    n_found: int,
    first: int = 1,
    metric: str | None = None,
    numeric: Collection[str] = (),
    default_sort: str = "index",
    selected: frozenset[str] | None = None,
) -> Table:
    """Columns `keys` of the rows `shown`.

    Args:
        first: the number of the first of the rows in the whole table, counted from 1.
        metric: the optimisation metric.
        numeric: the hyperparameters of which all values are numbers.
        selected: the ids whose rows are ticked, where the address does not say it all.
    """
    page, n_pages = page_of(n_found, query.page)
    columns = [_column(key, query, metric, numeric, default_sort) for key in keys]
    return Table(
        columns=tuple(columns),
        rows=_dressed(shown, columns, metric, first),
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
    )


def page_link(query: TableQuery, page: int) -> str:
    return link(query.pairs, page=page if page > 1 else None)


def _column(
    key: str, query: TableQuery, metric: str | None, numeric: Collection[str], default_sort: str
) -> Column:
    sort, order = query.sort or default_sort, query.order or "desc"
    label, title = column_words(key, metric)
    is_statistic = split_statistic(key) is not None
    is_hyperparameter = key.startswith(HYPERPARAMETER)
    is_number = is_statistic or key in _NUMBERS or (is_hyperparameter and key[2:] in numeric)
    return Column(
        key=key,
        kind="value" if is_statistic or is_hyperparameter else key,
        label=label,
        title=title,
        href=None if key in _NOT_SORTABLE else _sort_link(key, query, sort, order, default_sort),
        is_number=is_number,
        sorted={"asc": "ascending", "desc": "descending"}[order] if sort == key else None,
    )


def column_words(key: str, metric: str | None) -> tuple[str, str]:
    """The label of a column, and what its heading says when it is pointed at."""
    statistic = split_statistic(key)
    if key.startswith(HYPERPARAMETER):
        return key[2:], key[2:]
    if key == "best_value":
        return f"Best {metric}", f"Best {metric}"
    if key == "curve":
        return metric or "Curve", f"{metric or 'The metric'} over the steps"
    if statistic is not None:
        text = f"{_STATISTIC_WORDS[statistic[0]]} {statistic[1]}"
        return text, text
    return _WORDS.get(key, (key, key))


def _sort_link(key: str, query: TableQuery, sort: str, order: Order, default_sort: str) -> str:
    wanted: Order = "asc" if key in _ASCENDING_FIRST or key.startswith(HYPERPARAMETER) else "desc"
    if sort == key:
        wanted = "asc" if order == "desc" else "desc"
    return link(
        query.pairs,
        sort=None if key == default_sort else key,
        order=None if wanted == "desc" else wanted,
        page=None,
    )


def _dressed(
    shown: Sequence[Row], columns: Iterable[Column], metric: str | None, first: int
) -> tuple[Row, ...]:
    by_column = [_cells(shown, column, metric) for column in columns]
    return tuple(
        {**row, "cells": tuple(cells), "number": first + n}
        for n, (row, *cells) in enumerate(zip(shown, *by_column, strict=True))
    )


def _cells(shown: Sequence[Row], column: Column, metric: str | None) -> list[Cell]:
    cells = [_cell(row, column, metric) for row in shown]
    if not column.is_number:
        return cells
    found = pads([cell.text for cell in cells])
    return [replace(cell, pad=pad) if pad else cell for cell, pad in zip(cells, found, strict=True)]


def _cell(row: Row, column: Column, metric: str | None) -> Cell:
    if column.key == "best_step":
        return Cell(format_step(row["best_step"]))
    if column.key == "mean":
        return Cell(mean_text(row), f"{row['n_values']} values")
    if column.kind not in ("value", "best_value"):
        return Cell("")
    value = value_of(row, column.key, metric)
    statistic = split_statistic(column.key)
    if statistic is not None:
        return _statistic_cell(row, statistic, value)
    is_null = column.key.startswith(HYPERPARAMETER) and column.key[2:] in row["hyperparameters"]
    if value is None and not is_null:
        return Cell("–")
    return Cell(format_number(value), str(value))


def _statistic_cell(row: Row, statistic: tuple[str, str], value: object) -> Cell:
    """A cell that goes on by itself while its run logs."""
    kind, name = statistic
    found = row.get("metrics", {}).get(name)
    goal = goal_by_name(name) if found is None else found.goal
    return Cell(
        "–" if value is None else format_number(value),
        "" if value is None else str(value),
        goal if kind == "best" else kind,
        name,
        found.last_step if kind == "last" and found is not None else None,
    )
