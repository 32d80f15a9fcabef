"""The runs of a sweep as columns, for the drawings that explain it. Pure.

Times are seconds since the sweep began. What a drawing already has is not sent again: with
`indices` only those runs are in the columns.
"""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any, NotRequired, TypedDict

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.files.fields import is_finite_number
from ml_tracking_ops.orchestrator.store.outcomes.aims import aims_of
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

from ..series.goals import Goals
from ..tables.column import statistic_column
from ..tables.query import HYPERPARAMETER, STATISTICS, split_statistic
from ..tables.rows import Row
from ..tables.selection import filter_text
from .axes import Axis, Scale, axes_of

_MOST_COLUMNS = 4


class AxisColumns(TypedDict):
    """An axis as it is sent. `values` are written as in filters."""

    name: str
    scale: Scale
    low: float | None
    high: float | None
    values: list[str]
    is_conditional: bool


class RunColumns(TypedDict):
    """A value for each run. `state` is an index into `SweepColumns.states`.

    For experiments `name` is the id, and `title` what they are called. For combinations, `index` is
    their number and `value` the mean. `text` has it with the standard deviation, and `is_full` is
    whether no other has more values. For runs it is whether they meet constraints on outcomes, if
    there are any. `results` has the value of each objective.
    """

    index: list[int]
    title: NotRequired[list[str]]
    name: list[str | None]
    state: list[int]
    started: list[float | None]
    ended: list[float | None]
    value: list[float | None]
    text: NotRequired[list[str]]
    n_runs: NotRequired[list[int]]
    is_full: NotRequired[list[bool]]
    up: NotRequired[list[float | None]]
    more: NotRequired[dict[str, list[float | None]]]
    results: NotRequired[dict[str, list[float | None]]]
    hyperparameters: dict[str, list[float | int | None]]


class SweepColumns(TypedDict):
    axes: list[AxisColumns]
    states: Sequence[str]
    runs: RunColumns


def describe_experiments(
    rows: Sequence[Row],
    started_at: float,
    up: str | None = None,
    goals: Goals | None = None,
    more: Sequence[str] = (),
) -> SweepColumns:
    """Return the columns of experiments, including those without any setting."""
    axes = axes_of({}, rows)
    columns = _columns(rows, axes, started_at, up, goals, more)
    columns["name"] = [row.id for row in rows]
    columns["title"] = [str(row.label or row.name) for row in rows]
    return _described(axes, columns)


def insight_columns(
    rows: Sequence[Row],
    config: Mapping[str, Any],
    started_at: float,
    indices: Collection[int] | None = None,
    up: str | None = None,
    goals: Goals | None = None,
    more: Sequence[str] = (),
) -> SweepColumns:
    """Return axes and columns of the runs that have a combination, in the order of their index.

    Args:
        up: a further column, a statistic of a metric: ``last.Loss``. `more`: others, by name.
    """
    known = sorted((row for row in rows if row.hyperparameters), key=attrgetter("index"))
    axes = axes_of(config, known)
    sent = known if indices is None else [row for row in known if row.index in indices]
    runs = _columns(sent, axes, started_at, up, goals, more)
    means = [row.combination for row in sent if row.runs and row.combination is not None]
    if means:
        runs["text"] = [mean.text for mean in means]
        runs["n_runs"] = [mean.n_runs for mean in means]
        runs["is_full"] = [mean.is_full for mean in means]
    aims = aims_of(config)
    if aims.where and not means:
        runs["is_full"] = [row.can_win for row in sent]
    if aims.objectives:
        names = aims.objective_names
        runs["results"] = {name: [row.values.get(name) for row in sent] for name in names}
    return _described(axes, runs)


def _columns(
    sent: Sequence[Row],
    axes: Sequence[Axis],
    started_at: float,
    up: str | None,
    goals: Goals | None,
    more: Sequence[str],
) -> RunColumns:
    runs: RunColumns = {
        "index": [row.index for row in sent],
        "name": [row.name for row in sent],
        "state": [RUN_STATES.index(row.state) for row in sent],
        "started": [_since(started_at, row.started_at) for row in sent],
        "ended": [_since(started_at, row.ended_at) for row in sent],
        "value": [row.best_value for row in sent],
        "hyperparameters": {axis.name: _column(axis, sent) for axis in axes},
    }
    if up is not None:
        runs["up"] = [statistic_value(row, up, goals) for row in sent]
    if more:
        runs["more"] = {key: [statistic_value(row, key, goals) for row in sent] for key in more}
    return runs


def _described(axes: Sequence[Axis], runs: RunColumns) -> SweepColumns:
    return {"axes": [_describe(axis) for axis in axes], "states": RUN_STATES, "runs": runs}


def _describe(axis: Axis) -> AxisColumns:
    return {
        "name": axis.name,
        "scale": axis.scale,
        "low": axis.low,
        "high": axis.high,
        "values": [filter_text(value) for value in axis.values],
        "is_conditional": axis.is_conditional,
    }


def _column(axis: Axis, rows: Sequence[Row]) -> list[float | int | None]:
    """Return the column of a hyperparameter, with `None` for runs without it."""
    places: dict[object, float | int | None] = {}
    column: list[float | int | None] = []
    for row in rows:
        value = row.hyperparameters.get(axis.name, _ABSENT)
        if value is _ABSENT:
            column.append(None)
        elif axis.scale != "category":
            column.append(axis.place(value))
        else:
            key = (type(value), repr(value))
            if key not in places:
                places[key] = axis.place(value)
            column.append(places[key])
    return column


_ABSENT = object()


def _since(start: float, time: float | None) -> float | None:
    return None if time is None else round(time - start, 3)


def asked_value(query: QueryParams, metric: str | None) -> str | None:
    """Return the value of the runs that the address requests.

    None means the best value of the metric.
    """
    name, statistic = query.get("up"), query.get("of", "best")
    if not name or statistic not in STATISTICS or (statistic == "best" and name == metric):
        return None
    return f"{statistic}.{name}"


def asked_columns(query: QueryParams) -> tuple[str, ...]:
    """Return the further columns that are requested: ``more=last.Loss``."""
    known = [key for key in query.getlist("more") if split_statistic(key) is not None]
    return tuple(dict.fromkeys(known))[:_MOST_COLUMNS]


def statistic_value(row: Row, key: str, goals: Goals | None = None) -> float | None:
    """Return the statistic of a metric, as ``last.Loss``, if the run has a finite number for it.

    A setting may be named in place of a metric: ``best.p.lr``.
    """
    split = split_statistic(key)
    value = None if split is None else statistic_column(*split, goals).value(row)
    if value is None and split is not None and split[1].startswith(HYPERPARAMETER):
        value = row.hyperparameters.get(split[1].removeprefix(HYPERPARAMETER))
    return value if is_finite_number(value) else None
