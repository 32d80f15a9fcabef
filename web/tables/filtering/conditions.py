"""Conditions on runs as a reader writes them: ``lr > 0.01 and state == "finished"``. Pure.

Names are settings (hyperparameters, keys of the configuration), metrics (the best value, ``last.``,
``min.`` or ``max.`` before a metric: that statistic), derived metrics by title, and what all runs
have: `state`, `tags`, `name`, `number`, `duration`. A setting or a logged metric has priority. A
comparison with something that a run does not have is false.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ml_tracking_ops.orchestrator.errors import did_you_mean
from ml_tracking_ops.orchestrator.expressions.expression import Expression, ExpressionError

from ...series.derived.definition import define, title_of
from ..column import TableColumns
from ..query import STATISTICS, TableQuery, split_statistic
from ..rows import Row

_OF_ANY_RUN: dict[str, Callable[[Row], object]] = {
    "state": lambda row: row.state,
    "tags": lambda row: list(row.tags),
    "name": lambda row: row.label or row.name,
    "number": lambda row: row.index,
    "duration": lambda row: _duration(row),
}


class _NotThere:
    """A missing value: all comparisons with it are false."""

    def _no(self, other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _no
    __hash__ = None  # type: ignore[assignment]


_NOT_THERE = _NotThere()


class RunCondition:
    """A condition on the runs of one table.

    Args:
        metrics: the names of the metrics that are known so far.
        derived: the derived metrics of the page, whole: ``gap := loss/val - loss/train``.

    Raises:
        ExpressionError: it is not understood. The message names the part.
    """

    def __init__(
        self,
        text: str,
        columns: TableColumns,
        metrics: Collection[str] = (),
        derived: Collection[str] = (),
    ) -> None:
        self._columns = columns
        taken = {*columns.hyperparameters, *metrics, *_OF_ANY_RUN}
        whole = {title_of(one): one for one in derived if title_of(one) not in taken}
        statistics = [f"{one}.{name}" for name in (*metrics, *whole) for one in STATISTICS]
        known = {*taken, *whole, *statistics}
        self._expression = Expression(text, known)
        self._known = known
        named = {one for name in self._expression.names for one in (name, _split(name)[1])}
        self._derived = [whole[name] for name in sorted(named & whole.keys())]
        self._readers = {name: _reader(name, columns, whole) for name in self._expression.names}

    @property
    def metrics(self) -> frozenset[str]:
        """The names that can only be metrics, without those that the rows themselves hold."""
        names = self._expression.names - self._columns.hyperparameters.keys() - _OF_ANY_RUN.keys()
        return names - {self._columns.metric}

    def wrong_derived(self, metrics: Collection[str]) -> Iterator[str]:
        """Yield what is wrong with the derived metrics in it, for runs with these metrics."""
        for name in self._derived:
            try:
                define(name, frozenset(metrics))
            except ExpressionError as error:
                yield f"{name}: {error}"

    def unknown_names(self) -> list[str]:
        """Return the unknown names, with a hint at a similar one."""
        missing = sorted(self._expression.names - self._known)
        return [name + did_you_mean(name, sorted(self._known)) for name in missing]

    def passes(self, row: Row) -> bool:
        """Return whether a run meets it. If its values do not fit the condition, it does not."""
        values = {name: read(row) for name, read in self._readers.items()}
        try:
            return bool(self._expression.evaluate(values))
        except ExpressionError:
            return False


def _reader(
    name: str, columns: TableColumns, derived: Mapping[str, str]
) -> Callable[[Row], object]:
    """Return a function that finds the value of a name in a row. Made once for all rows.

    Args:
        derived: the whole of a derived metric, by its title.
    """
    if name in columns.hyperparameters:
        return lambda row: row.setting(name) if row.has_setting(name) else _NOT_THERE
    find = _OF_ANY_RUN.get(name)
    if find is None:
        statistic, metric = ("best", name) if name in derived else _split(name)
        find = columns.statistic(statistic, derived.get(metric, metric)).value

    def read(row: Row) -> object:
        value = find(row)
        return _NOT_THERE if value is None else value

    return read


def _split(name: str) -> tuple[str, str]:
    return split_statistic(name) or ("best", name)


def _duration(row: Row) -> float | None:
    """Return the seconds of a run that has ended."""
    if row.started_at is None or row.ended_at is None:
        return None
    return row.ended_at - row.started_at


def asked_metrics(query: TableQuery, columns: TableColumns) -> frozenset[str]:
    """Return the metrics that a condition may name, as far as its text shows."""
    if not query.where:
        return frozenset()
    try:
        return RunCondition(query.where, columns, derived=query.derived).metrics
    except ExpressionError:
        return frozenset()


def known_metrics(rows: Collection[Row], columns: TableColumns) -> Mapping[str, Any]:
    """Return the names of the known metrics of these rows."""
    own = {} if columns.metric is None else {columns.metric: None}
    return {**own, **{name: None for row in rows for name in row.metrics}}


def condition_of(
    query: TableQuery, columns: TableColumns, rows: Collection[Row]
) -> RunCondition | None:
    """Return the condition of a query, or None if there is none, or it is not understood."""
    if not query.where:
        return None
    try:
        return RunCondition(query.where, columns, known_metrics(rows, columns), query.derived)
    except ExpressionError:
        return None


def condition_problems(
    query: TableQuery, columns: TableColumns, rows: Collection[Row] | None
) -> list[str]:
    """Return what is wrong with a condition. Names are not checked while `rows` are not known."""
    where = query.where
    if not where:
        return []
    try:
        found = RunCondition(where, columns, known_metrics(rows or (), columns), query.derived)
    except ExpressionError as error:
        return [f"{where}: {error}"]
    if rows is None:
        return []
    unknown = [f"{where}: no run has {name}" for name in found.unknown_names()]
    return unknown + (list(found.wrong_derived(known_metrics(rows, columns))) if rows else [])
