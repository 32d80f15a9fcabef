"""Bars, distribution and contour: the content of each besides its drawing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from starlette.datastructures import QueryParams

from ...runs.entries import finite_values
from ...series.derived.definition import title_of
from ...tables.rows import Row
from ..axes import Axis, axes_of
from ..subject import Subject
from ..words import MetricRelation, RunSubset, relation, relation_to_tags, tags_of
from .chosen import ChosenMetric, among, chosen_value, same_settings

_MOST_LINES = 12
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
_FEWEST_FOR_CONTOUR = 4

TAG = "tag"
"""What bars may be grouped by besides settings. A setting of this name has priority."""

QueryPairs = Sequence[tuple[str, str]]


class Bar(TypedDict):
    label: str
    n: int
    mean: float
    std: float | None


@dataclass(frozen=True)
class BarsView:
    """The mean of a value by a setting or by tag. `bars` is for the drawing, as JSON."""

    chosen: ChosenMetric
    across: str | None
    choices: Sequence[str]
    relation: MetricRelation | None
    bars: str
    why_empty: str | None
    kept: QueryPairs


@dataclass(frozen=True)
class Quantiles:
    """Of the runs with one value of a setting, or of all: how many, and their quantiles."""

    label: str
    n: int
    values: Sequence[float]


@dataclass(frozen=True)
class DistributionView:
    """The distribution of the values. `by`: the setting whose values have a line each."""

    chosen: ChosenMetric
    by: str | None
    choices: Sequence[str]
    lines: Sequence[Quantiles]
    kept: QueryPairs


@dataclass(frozen=True)
class ContourView:
    """A value over two settings. `ends`: the worst and the best, as the colours show them."""

    chosen: ChosenMetric
    across: str | None
    against: str | None
    choices: Sequence[str]
    ends: tuple[float, float] | None
    n: int
    why_empty: str | None
    kept: QueryPairs


def bars_view(subject: Subject, rows: Sequence[Row], query: QueryParams) -> BarsView:
    axes = axes_of(subject.config, rows)
    chosen = chosen_value(subject, rows, query)
    names = [one.name for one in axes]
    choices = [*names, *([TAG] if TAG not in names and any(map(tags_of, rows)) else [])]
    across = among(query.get("across"), choices) or (choices[0] if choices else None)
    axis = _named(axes, across)
    found = None if across is None else relation_to_tags(chosen.rows, chosen.goal)
    if axis is not None:
        found = relation(chosen.rows, axis, chosen.goal)
    bars = [_bar(part) for part in found.parts] if found is not None else []
    return BarsView(
        chosen=chosen,
        across=across,
        choices=choices,
        relation=found,
        bars=json.dumps(bars),
        why_empty=None if bars else same_settings(subject) if across is None else _no_value(chosen),
        kept=_kept(query, "across"),
    )


def _no_value(chosen: ChosenMetric) -> str:
    return f"None has a {title_of(chosen.up)} yet."


def _bar(part: RunSubset) -> Bar:
    return {"label": part.label, "n": part.n, "mean": part.mean, "std": part.std}


def distribution_view(
    subject: Subject, rows: Sequence[Row], query: QueryParams
) -> DistributionView:
    axes = [one for one in axes_of(subject.config, rows) if one.scale == "category"]
    chosen = chosen_value(subject, rows, query)
    axis = _named(axes, query.get("by"))
    groups = [("all", list(chosen.rows))] if axis is None else _by_value(chosen.rows, axis)
    found = [(label, sorted(finite_values(some))) for label, some in groups]
    return DistributionView(
        chosen=chosen,
        by=None if axis is None else axis.name,
        choices=[one.name for one in axes if len(one.values) <= _MOST_LINES],
        lines=[Quantiles(label, len(one), _quantiles(one)) for label, one in found if one],
        kept=_kept(query, "by"),
    )


def _by_value(rows: Sequence[Row], axis: Axis) -> list[tuple[str, list[Row]]]:
    """Return the rows by the place of their value on the axis, which is in the order of its
    values."""
    of_place: dict[object, list[Row]] = {}
    for row in rows:
        if axis.name in row.hyperparameters:
            of_place.setdefault(axis.place(row.hyperparameters[axis.name]), []).append(row)
    return [(str(value), of_place.get(place, [])) for place, value in enumerate(axis.values)]


def _quantiles(values: Sequence[float]) -> list[float]:
    """Return the value at each rank, so that it is one of the logged values."""
    last = len(values) - 1
    return [values[round(part * last)] for part in _QUANTILES]


def contour_view(subject: Subject, rows: Sequence[Row], query: QueryParams) -> ContourView:
    axes = axes_of(subject.config, rows)
    chosen = chosen_value(subject, rows, query)
    x = _named(axes, query.get("across")) or (axes[0] if axes else None)
    others = [one for one in axes if one is not x]
    y = _named(others, query.get("against")) or (others[0] if others else None)
    names = {one.name for one in (x, y) if one is not None}
    known = [row for row in chosen.rows if names <= row.hyperparameters.keys()]
    values = finite_values(known)
    ends = (min(values), max(values)) if values else None
    return ContourView(
        chosen=chosen,
        across=None if x is None else x.name,
        against=None if y is None else y.name,
        choices=[one.name for one in axes],
        ends=ends[::-1] if ends is not None and chosen.goal == "min" else ends,
        n=len(values),
        why_empty=_why_no_contour(subject, y, len(values), chosen),
        kept=_kept(query, "across", "against"),
    )


def _why_no_contour(subject: Subject, y: Axis | None, n: int, chosen: ChosenMetric) -> str | None:
    if y is None:
        return f"A contour needs two {subject.setting}s that vary."
    if n < _FEWEST_FOR_CONTOUR and not chosen.n_unread:
        return f"{n} runs have a value here. A contour needs at least {_FEWEST_FOR_CONTOUR}."
    return None


def _named(axes: Sequence[Axis], name: str | None) -> Axis | None:
    return next((one for one in axes if one.name == name), None)


def _kept(query: QueryParams, *own: str) -> QueryPairs:
    """Return the hidden fields of a view's form."""
    return [pair for pair in query.multi_items() if pair[0] not in (*own, "up", "of")]
