"""A column of a table, and the columns of one table together. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

from ml_tracking_ops.orchestrator.store.objective import Goal

from ..runs.formats import format_number
from ..series.derived.definition import title_of
from ..series.goals import Goals
from .cells import (
    Cell,
    empty_cell,
    hyperparameter_cell,
    mean_cell,
    mean_of,
    setting_mean,
    statistic_cell,
)
from .hyperparameters import Hyperparameter, SortKey, as_plain, comparable
from .query import HYPERPARAMETER, METRIC, STATISTICS, Order, TableQuery, is_metric, split_statistic
from .rows import Row

_ARE_NUMBERS = frozenset((int, float, type(None)))

Drawing = Literal[
    "value", "text", "index", "name", "state", "tags", "curve", "duration", "age", "image"
]


@dataclass(frozen=True)
class TableFacts:
    """The facts that decide which columns a table offers.

    `given`: which of ``label``, ``tags`` and ``note`` any row has.
    """

    given: frozenset[str] = frozenset()
    has_metric: bool = False
    has_repeats: bool = False
    are_runs_apart: bool = False


def _always(_: TableFacts) -> bool:
    return True


def _is_missing(_: Row) -> bool:
    return False


def _nothing(_: Row) -> Iterable[object]:
    return ()


@dataclass(frozen=True)
class ColumnFilter:
    """The filter of rows by a column.

    `key` is the parameter of the address. `described` has the values in the rows, and is None if
    any range of numbers may be requested.
    """

    key: str
    described: Hyperparameter | None = None


@dataclass(frozen=True)
class Column:
    """A column that a table can show.

    Attributes:
        key: its name in the address, as in ``sort=KEY`` and ``columns=KEY``.
        title: the tooltip of its heading.
        value: what rows are sorted, filtered and exported by, or None if a row has none.
        cell: how the page writes it.
        drawing: which block of `_table_rows.html` draws it. ``value`` and ``text`` write the cell.
        live_field: the field of a live row that replaces the text of the cell.
        width: whether a long cell is cut (at the width in `page.css`) or shown whole.
        sort_key: what rows are sorted by, if not by their value. Rows without one come last.
        first_order: the order of the first click on the heading. None means that it is not
            sortable.
        filter: how rows are filtered by it. None means that they are not.
        is_given: whether a row has a value, if that may be null. Otherwise None means missing.
        search: the texts of a row that the search box searches.
        export_key: its name in an exported file, if another than `key`.
        is_offered: whether the menu of columns has it.
        is_default: whether it is shown if no columns were chosen.
        metric: its metric, if a direction is shown in the heading.
        goal: which values of the metric are good, if known.
        is_goal_fixed: whether the sweep decides the goal, so that no click changes it.
        is_mean_of_combination: whether a combination has the mean of its best values there.
    """

    key: str
    heading: str
    title: str
    value: Callable[[Row], object]
    cell: Callable[[Row], Cell] = empty_cell
    drawing: Drawing = "value"
    live_field: str | None = None
    is_number: bool = False
    width: Literal["cut", "whole"] = "cut"
    sort_key: Callable[[Row], SortKey | None] | None = None
    first_order: Order | None = "desc"
    filter: ColumnFilter | None = None
    is_given: Callable[[Row], bool] = _is_missing
    search: Callable[[Row], Iterable[object]] = _nothing
    export_key: str | None = None
    is_exported: bool = True
    is_offered: Callable[[TableFacts], bool] = _always
    is_default: bool = True
    metric: str | None = None
    goal: Goal | None = None
    is_goal_fixed: bool = False
    is_mean_of_combination: bool = False

    @property
    def export_heading(self) -> str:
        return self.export_key or self.key

    def sort_keys_of(self, rows: Sequence[Row]) -> Sequence[Any]:
        """Return the sort key of a column, or None for rows without a value there."""
        if self.sort_key is not None:
            return as_plain([self.sort_key(row) for row in rows])
        values = list(map(self.value, rows))
        if _ARE_NUMBERS.issuperset(map(type, values)):
            return [None if value != value else value for value in values]
        return as_plain([comparable(value) for value in values])


@dataclass(frozen=True)
class TableColumns:
    """The columns of one table.

    Attributes:
        head: the first column, which is always shown.
        before: its columns in their order, up to those of the hyperparameters. `after`: the rest.
        exported: the first columns of an exported file.
        default_sort: the key of the column that rows are sorted by if none was chosen, in the order
            `default_order`.
        metric: the optimization metric, whose best value the rows hold.
        goals: which values of a metric are good.
        logged: the hyperparameters that no sweep chose: scripts logged them. They are shown if
            chosen.
        families: each returns the column of a key that is one of its own, such as `image.samples`.
    """

    head: Column
    before: tuple[Column, ...]
    after: tuple[Column, ...]
    exported: tuple[Column, ...]
    default_sort: str
    hyperparameters: Mapping[str, Hyperparameter] = field(default_factory=dict)
    metric: str | None = None
    goals: Goals = field(default_factory=Goals)
    default_order: Order = "desc"
    logged: Collection[str] = ()
    families: tuple[Callable[[str], Column | None], ...] = ()

    @cached_property
    def ordered(self) -> tuple[Column, ...]:
        """All columns except those of metrics, in the order of the table."""
        names = self.hyperparameters.items()
        return (
            self.head,
            *self.before,
            *(
                hyperparameter_column(name, described, is_default=name not in self.logged)
                for name, described in names
            ),
            *self.after,
        )

    @cached_property
    def _by_key(self) -> dict[str, Column]:
        return {column.key: column for column in self.ordered}

    @cached_property
    def _searches(self) -> list[Callable[[Row], Iterable[object]]]:
        return [column.search for column in self.ordered if column.search is not _nothing]

    def find(self, key: str) -> Column | None:
        """Return the column of a key. Any metric has columns, as it may still be logged."""
        statistic = split_statistic(key)
        if key in self._by_key:
            return self._by_key[key]
        if statistic is not None:
            return self.statistic(*statistic)
        found = (family(key) for family in self.families)
        return next((column for column in found if column is not None), None)

    def statistic(self, statistic: str, metric: str) -> Column:
        """Return the column of a statistic of a metric."""
        return statistic_column(statistic, metric, self.goals, self.metric)

    def of_filter(self, key: str) -> Column:
        """Return the column that ``p.NAME`` or ``m.METRIC`` filters by."""
        if is_metric(key):
            return self.statistic("best", key.removeprefix(METRIC))
        known = (one for one in self.ordered if one.filter is not None and one.filter.key == key)
        return next(known, None) or hyperparameter_column(key.removeprefix(HYPERPARAMETER))

    def filterable(self, metrics: Iterable[str]) -> list[Column]:
        """Return the columns that rows can be filtered by: those of the table, and the best of
        metrics."""
        best = (self.statistic("best", metric) for metric in metrics)
        return [one for one in (*self.ordered, *best) if one.filter is not None]

    def sorted_by(self, query: TableQuery) -> Column:
        return self.find(query.sort) or self._by_key[self.default_sort]

    def order_of(self, query: TableQuery) -> Order:
        if query.order is not None:
            return query.order
        return self.default_order if query.sort in ("", self.default_sort) else "desc"

    def offered(self, facts: TableFacts) -> list[Column]:
        """Return the columns in the menu, except for statistics of metrics."""
        return [one for one in self.ordered if one is not self.head and one.is_offered(facts)]

    def chosen(
        self, query: TableQuery, offered: Iterable[Column], default: Sequence[Column]
    ) -> list[Column]:
        """Return the columns to show: in the order of the table, then statistics as they were
        chosen."""
        if not query.columns:
            return list(default)
        plain = [column for column in offered if column.key in query.columns]
        statistics = [split for key in query.columns if (split := split_statistic(key))]
        return plain + [self.statistic(*one) for one in statistics]

    def to_export(self, query: TableQuery) -> list[Column]:
        """Return the columns of an exported file: those it always has, and those that were
        chosen."""
        chosen = [column for key in query.columns if (column := self.find(key)) is not None]
        known = {column.key for column in self.exported}
        rest = [one for one in chosen if one.is_exported and one.key not in known]
        return [*self.exported, *rest]

    def search_text(self, row: Row) -> str:
        """Return the text that the search box searches, in lower case."""
        parts = [part for search in self._searches for part in search(row)]
        return "\n".join(str(part) for part in parts if part).casefold()


def _setting(row: Row, name: str) -> object:
    """Return a setting. For a group, the value that its runs share, or the mean."""
    if row.group is None or row.has_setting(name):
        return row.setting(name)
    return setting_mean(row, name)


def hyperparameter_column(
    name: str, described: Hyperparameter | None = None, *, is_default: bool = True
) -> Column:
    key = HYPERPARAMETER + name
    return Column(
        key=key,
        heading=name,
        title=name,
        value=lambda row: _setting(row, name),
        cell=partial(hyperparameter_cell, name=name),
        is_number=described is not None and described.is_number,
        first_order="asc",
        filter=ColumnFilter(key, described),
        is_given=lambda row: row.has_setting(name),
        search=lambda row: _assignments(row, name),
        export_key=name,
        is_default=is_default,
    )


def _assignments(row: Row, name: str) -> Iterable[str]:
    if row.has_setting(name):
        yield f"{name}={format_number(row.setting(name))}"


_STATISTIC_HEADINGS = dict(
    zip(STATISTICS, ("Best {}", "Last {}", "Lowest {}", "Highest {}"), strict=True)
)


def statistic_column(
    statistic: str, metric: str, goals: Goals | None = None, optimized: str | None = None
) -> Column:
    """Return the column with the best, last, lowest or highest value of a metric.

    The best of a metric without a known goal is its last value: no best is claimed.

    Args:
        optimized: the optimization metric, whose best value the row itself holds.
    """
    goals = goals or Goals()
    goal = goals.of(metric)
    shown = "last" if statistic == "best" and goal is None else statistic
    field_name = goal or "last" if shown == "best" else shown

    def value(row: Row) -> object:
        if statistic == "best" and metric == optimized:
            return row.best_value
        if row.runs:
            return mean_of(map(value, row.runs))
        return getattr(row.metrics.get(metric), field_name, None)

    heading = _STATISTIC_HEADINGS[shown].replace("{}", title_of(metric))
    return Column(
        key=f"{statistic}.{metric}",
        heading=heading,
        title=_STATISTIC_HEADINGS[shown].replace("{}", metric),
        value=value,
        cell=lambda row: (
            mean_cell(map(value, row.runs))
            if row.runs
            else statistic_cell(row, field_name, metric, value(row))
        ),
        is_number=True,
        first_order="asc" if goal == "min" else "desc",
        filter=ColumnFilter(METRIC + metric) if statistic == "best" else None,
        export_key=f"{shown}.{metric}",
        metric=metric,
        goal=goal,
        is_goal_fixed=goals.is_fixed(metric),
        is_mean_of_combination=statistic == "best" and metric == optimized,
    )


def needs_logs(columns: Iterable[Column]) -> bool:
    """Return whether some columns need the logs of the runs."""
    return any(split_statistic(column.key) for column in columns)
