"""The runs of a sweep as columns, for the drawings that explain it. Pure.

Times are seconds since the sweep began. What a drawing has already is not sent again: with
`indices` only those runs are in the columns.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

from ..tables.columns import statistic_column
from ..tables.query import STATISTICS, split_statistic
from ..tables.selection import filter_text
from .axes import Axis, axes_of, is_number

Row = dict[str, Any]


def describe_sweep(
    rows: Sequence[Row],
    config: Mapping[str, Any],
    started_at: float,
    indices: Collection[int] | None = None,
    up: str | None = None,
) -> dict[str, Any]:
    """Axes and columns of the runs that have a combination, in the order of their index.

    Args:
        up: a further column, a statistic of a metric: ``last.Loss``.
    """
    known = sorted((row for row in rows if row["hyperparameters"]), key=lambda row: row["index"])
    axes = axes_of(config, known)
    sent = known if indices is None else [row for row in known if row["index"] in indices]
    return {
        "axes": [_describe(axis) for axis in axes],
        "statuses": RUN_STATES,
        "runs": {
            "index": [row["index"] for row in sent],
            "name": [row["name"] for row in sent],
            "status": [RUN_STATES.index(row["status"]) for row in sent],
            "started": [_since(started_at, row["started_at"]) for row in sent],
            "ended": [_since(started_at, row["ended_at"]) for row in sent],
            "value": [row["best_value"] for row in sent],
            **({} if up is None else {"up": [number_of(row, up) for row in sent]}),
            "hyperparameters": {axis.name: _column(axis, sent) for axis in axes},
        },
    }


def _describe(axis: Axis) -> dict[str, Any]:
    return {
        "name": axis.name,
        "scale": axis.scale,
        "low": axis.low,
        "high": axis.high,
        "values": [filter_text(value) for value in axis.values],
        "is_conditional": axis.is_conditional,
    }


def _column(axis: Axis, rows: Sequence[Row]) -> list[float | int | None]:
    """`None` where a run does not have the hyperparameter."""
    places: dict[object, float | int | None] = {}
    column: list[float | int | None] = []
    for row in rows:
        value = row["hyperparameters"].get(axis.name, _ABSENT)
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
    """What the address wants to see of the runs; None: the best value of the metric, as ever."""
    name, statistic = query.get("up"), query.get("of", "best")
    if not name or statistic not in STATISTICS or (statistic == "best" and name == metric):
        return None
    return f"{statistic}.{name}"


def number_of(row: Row, key: str) -> float | None:
    """The statistic of a metric, as ``last.Loss``, if the run has a finite number for it."""
    split = split_statistic(key)
    value = None if split is None else statistic_column(*split).value(row)
    return value if is_number(value) else None
