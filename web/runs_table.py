"""The table of a sweep's runs: which columns, in which order, which page of it. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from .formats import format_number
from .repeats import mean_text

PAGE_SIZE = 25
_HYPERPARAMETER = "p."
_WHOLE_ORDER = {"pending": 0, "running": 1, "finished": 2, "early_stopped": 3}

Row = dict[str, Any]
Order = Literal["asc", "desc"]


@dataclass(frozen=True)
class TableQuery:
    """What the address asks of the table."""

    sort: str = "index"
    order: Order = "desc"
    page: int = 1


@dataclass(frozen=True)
class Column:
    label: str
    title: str
    href: str
    is_number: bool = False
    sorted: str | None = None


@dataclass(frozen=True)
class Cell:
    text: str
    title: str
    is_number: bool


@dataclass(frozen=True)
class RunsTable:
    """One page of the table, ready for the template."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    has_metric: bool
    has_means: bool
    n_total: int
    page: int
    n_pages: int
    previous_href: str
    next_href: str


def build_table(
    rows: Sequence[Row],
    query: TableQuery,
    metric: str | None,
    best_index: int | None,
    kept: Sequence[tuple[str, str]],
) -> RunsTable:
    """Sort and cut `rows`, one for each run (as `rows.run_row` gives them).

    Args:
        kept: parameters of the address that links to other pages and orders carry on.
    """
    names = _hyperparameter_names(rows)
    numeric = {name for name in names if _is_numeric(rows, name)}
    in_order = sort_rows(rows, query)
    n_pages = max(1, math.ceil(len(rows) / PAGE_SIZE))
    page = min(max(1, query.page), n_pages)
    shown = in_order[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]

    def href(**changes: object) -> str:
        given = {"sort": query.sort, "order": query.order, "page": page, **changes}
        defaults = {"sort": "index", "order": "desc", "page": 1}
        own = [(name, value) for name, value in given.items() if defaults[name] != value]
        return "?" + urlencode([*kept, *own])

    def column(key: str, label: str, title: str = "", is_number: bool = False) -> Column:
        order = _next_order(query, key)
        mark = {"asc": "ascending", "desc": "descending"}[query.order]
        address = href(sort=key, order=order, page=1)
        current = mark if query.sort == key else None
        return Column(label, title or label, address, is_number, current)

    has_means = metric is not None and any("mean" in row for row in rows)
    columns = [column("index", "Run"), column("status", "State")]
    columns += [column(_HYPERPARAMETER + name, name, "", name in numeric) for name in names]
    if metric is not None:
        columns.append(column("best_value", f"Best {metric}", "", is_number=True))
        columns.append(column("best_step", "at step", "Step of the best value", is_number=True))
    if has_means:
        title = "Mean over the repeats of the combination, ± standard deviation"
        columns.append(column("mean", "Mean", title, is_number=True))
    columns.append(column("duration", "Duration", "", is_number=True))
    return RunsTable(
        columns=tuple(columns),
        rows=tuple(_dress(row, names, numeric, best_index) for row in shown),
        has_metric=metric is not None,
        has_means=has_means,
        n_total=len(rows),
        page=page,
        n_pages=n_pages,
        previous_href=href(page=page - 1),
        next_href=href(page=page + 1),
    )


def sort_rows(rows: Iterable[Row], query: TableQuery) -> list[Row]:
    """Rows in the order asked for; those that have no value there, or wait to start, come last."""
    by_index = sorted(rows, key=lambda row: row["index"])
    keyed = [(_sort_key(row, query.sort), row) for row in by_index]
    known = [(key, row) for key, row in keyed if key is not None]
    known.sort(key=lambda pair: pair[0], reverse=query.order == "desc")
    return [row for _, row in known] + [row for key, row in keyed if key is None]


def _sort_key(row: Row, sort: str) -> tuple[int, Any] | None:
    if sort == "duration":
        started_at, ended_at = row["started_at"], row["ended_at"]
        if started_at is None:
            return None
        # What still goes on is longest of all, the earliest start first.
        return (0, ended_at - started_at) if ended_at is not None else (1, -started_at)
    if sort == "status":
        return _WHOLE_ORDER.get(row["status"], 9), row["status"]
    if sort.startswith(_HYPERPARAMETER):
        value = row["hyperparameters"].get(sort.removeprefix(_HYPERPARAMETER))
    elif sort in ("best_value", "best_step", "mean"):
        value = row.get(sort)
    else:
        value = None if row["status"] == "pending" else row["index"]
    return _comparable(value)


def _comparable(value: object) -> tuple[int, Any] | None:
    """Numbers before everything else, so that mixed values can be sorted; NaN is no value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return (0, value) if isinstance(value, int | float) else (1, str(value))


def _next_order(query: TableQuery, key: str) -> Order:
    first: Order = "asc" if key.startswith(_HYPERPARAMETER) or key == "status" else "desc"
    if query.sort != key:
        return first
    return "asc" if query.order == "desc" else "desc"


def _hyperparameter_names(rows: Iterable[Row]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row["hyperparameters"]))
    return tuple(names)


def _is_numeric(rows: Iterable[Row], name: str) -> bool:
    values = [row["hyperparameters"][name] for row in rows if name in row["hyperparameters"]]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _dress(row: Row, names: Iterable[str], numeric: set[str], best_index: int | None) -> Row:
    cells = tuple(_cell(row["hyperparameters"], name, name in numeric) for name in names)
    return {
        **row,
        "cells": cells,
        "mean_text": mean_text(row),
        "is_best": row["index"] == best_index,
    }


def _cell(hyperparameters: Mapping[str, object], name: str, is_number: bool) -> Cell:
    if name not in hyperparameters:
        return Cell("–", "", is_number)
    value = hyperparameters[name]
    return Cell(format_number(value), str(value), is_number)
