"""Parse the address of `/api/groups`. Pure."""

from dataclasses import dataclass

import numpy as np
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from .early_ends import OVER, Over

_PARAMETERS = ("sweep", "group", "metric", "x", "first", "last", "over", "run", "archived")
_FILTERS = ("q", "where", "state", "p.", "m.", "low.p.", "high.p.", "low.m.", "high.m.")
_OF_CONDITION = "derive"
"""Parameters of the table, whose filters decide which runs are in the groups."""
_CHOICES = ("run", "archived")
"""For experiments, also those that are selected, and whether they are archived."""
_AXES = ("step", "relative", "wall")
METRIC_AXIS = "m."


@dataclass(frozen=True, slots=True)
class GroupQuery:
    """`x`: step, relative, wall, or ``m.METRIC``. `sweep`: None for experiments. `filters` then
    also contains the selected ones."""

    sweep: str | None
    group: str
    metrics: tuple[str, ...]
    x: str = "step"
    first: float | None = None
    last: float | None = None
    over: Over = "all"
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def is_zoomed(self) -> bool:
        return self.first is not None or self.last is not None


def parse_group_query(query: QueryParams) -> GroupQuery:
    """Return the query of `/api/groups`.

    Raises:
        HTTPException: 400, naming the parameter, its value and what is allowed.
    """
    for name in query:
        if name not in (*_PARAMETERS, _OF_CONDITION) and not _is_filter(name):
            raise HTTPException(400, f"{name}: not known. Allowed: {', '.join(_PARAMETERS)}")
    for name in ("group", "metric"):
        if name not in query:
            raise HTTPException(400, f"{name}: is needed, as in ?sweep=ID&group=p.NAME&metric=NAME")
    sweep = query.get("sweep")
    x = query.get("x", "step")
    if x not in _AXES and not x.startswith(METRIC_AXIS):
        raise HTTPException(400, f"x={x}: must be one of {', '.join(_AXES)}, m.METRIC")
    first, last = _number(query, "first"), _number(query, "last")
    over = _over(query.get("over", "all"))
    filters = tuple(
        (name, value)
        for name, value in query.multi_items()
        if _is_filter(name)
        or (sweep is None and name in _CHOICES)
        or (name == _OF_CONDITION and query.get("where"))
    )
    metrics = tuple(dict.fromkeys(query.getlist("metric")))
    return GroupQuery(sweep, query["group"], metrics, x, first, last, over, filters)


def _over(text: str) -> Over:
    for known in OVER:
        if text == known:
            return known
    raise HTTPException(400, f"over={text}: must be one of {', '.join(OVER)}")


def _is_filter(name: str) -> bool:
    return name in _FILTERS[:3] or name.startswith(_FILTERS[3:])


def _number(query: QueryParams, name: str) -> float | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise HTTPException(400, f"{name}={text}: must be a number")
    return number
