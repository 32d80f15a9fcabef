"""The content of the drawings of a sweep in words and small tables: for those who cannot see them,
and for a quick look. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter, itemgetter

from ml_tracking_ops.orchestrator.store.objective import Goal, is_better
from ml_tracking_ops.orchestrator.store.run_states import FAILURES
from ml_tracking_ops.orchestrator.verdict.noise import is_noise

from ..runs.entries import finite_values, has_value
from ..runs.formats import format_number
from ..tables.rows import Row
from .axes import Axis
from .rank_correlation import spearman

_N_PARTS = 5
_BEST_PART = 0.1
_FEWEST_BEST = 5


@dataclass(frozen=True, slots=True)
class Improvement:
    """A run that was the best when it ended. `after_n`: how many had ended by then.

    Those that failed without a value count. In a sweep with repeats it is a combination.
    `is_noise`: the improvement is smaller than the difference between seeds, so it does not count.
    """

    row: Row
    after_n: int
    after_s: float | None
    is_noise: bool = False


@dataclass(frozen=True, slots=True)
class RunSubset:
    """Some of the runs: those with one value of a hyperparameter, or with values in a range.

    `best` is None if it is not known which values are good, and `std`, the standard deviation of a
    sample, for fewer than two runs.
    """

    label: str
    n: int
    mean: float
    best: float | None
    std: float | None = None


@dataclass(frozen=True, slots=True)
class MetricRelation:
    """The relation between a hyperparameter and the metric. `correlation` is Spearman's ρ."""

    parts: tuple[RunSubset, ...]
    n: int
    correlation: float | None


@dataclass(frozen=True, slots=True)
class BestValues:
    """The values of a hyperparameter in the best runs."""

    name: str
    text: str


def improvements(
    rows: Sequence[Row], goal: Goal | None, started_at: float, spread: float | None = None
) -> list[Improvement]:
    """Return the improvements in the order in which the runs ended. Running ones come last.

    Only combinations with the most values compare.

    Args:
        rows: in the order of their numbers.
        spread: the standard deviation between seeds, if known.
    """
    known = sorted(
        (row for row in rows if has_value(row) or row.state in FAILURES),
        key=lambda row: row.ended_at or math.inf,
    )
    found: list[Improvement] = []
    real: float | None = None
    for place, row in enumerate(known, start=1):
        value, best = row.best_value, found[-1].row.best_value if found else None
        counts = row.combination is None or not row.runs or row.combination.is_full
        counts = counts and row.can_win
        if not (counts and goal is not None and value is not None and has_value(row)):
            continue
        if is_better(value, best, goal):
            ended_at = row.ended_at
            after_s = None if ended_at is None else ended_at - started_at
            no_more = is_noise(value, real, spread)
            found.append(Improvement(row, place, after_s, no_more))
            real = real if no_more else value
    return found


def relation(rows: Sequence[Row], axis: Axis, goal: Goal | None) -> MetricRelation:
    """Return the metric by the values of one hyperparameter, over the runs that have both."""
    known = [row for row in rows if has_value(row) and axis.name in row.hyperparameters]
    values = finite_values(known)
    places = [axis.place(row.hyperparameters[axis.name]) for row in known]
    pairs = [(p, v) for p, v in zip(places, values, strict=True) if p is not None]
    if axis.scale == "category":
        groups = [
            (format_number(value), [v for p, v in pairs if p == n])
            for n, value in enumerate(axis.values)
        ]
    else:
        groups = _quantiles(sorted(pairs))
    parts = tuple(
        RunSubset(label, len(group), _mean(group), _best(group, goal), _spread(group))
        for label, group in groups
        if group
    )
    is_enough = axis.is_ordered and len(pairs) > 2
    correlation = spearman(*zip(*pairs, strict=True)) if is_enough else None
    return MetricRelation(parts, len(pairs), correlation)


def relation_to_tags(rows: Sequence[Row], goal: Goal | None) -> MetricRelation:
    """Return the metric by tag: a row with several counts for each, those without any come last."""
    known = [row for row in rows if has_value(row)]
    by_tag: dict[str, list[float]] = {}
    without: list[float] = []
    for row, value in zip(known, finite_values(known), strict=True):
        tags = tags_of(row)
        for place in [by_tag.setdefault(tag, []) for tag in tags] or [without]:
            place.append(value)
    groups = [(tag, by_tag[tag]) for tag in sorted(by_tag)] + [("no tag", without)]
    parts = tuple(
        RunSubset(label, len(group), _mean(group), _best(group, goal), _spread(group))
        for label, group in groups
        if group
    )
    return MetricRelation(parts, len(known), None)


def tags_of(row: Row) -> list[str]:
    """Return the tags of a row. For a combination those of its runs."""
    return list(dict.fromkeys([*row.tags, *(tag for run in row.runs for tag in run.tags)]))


def _quantiles(pairs: Sequence[tuple[float, float]]) -> list[tuple[str, list[float]]]:
    """Divide runs into parts of about equal size, in the order of the hyperparameter.

    Runs with the same value are in one part. Each of few values has a part of its own.
    """
    by_value = [
        (place, [value for _, value in group]) for place, group in groupby(pairs, itemgetter(0))
    ]
    if len(by_value) <= _N_PARTS:
        return [(format_number(place), values) for place, values in by_value]
    parts: list[list[tuple[float, list[float]]]] = [[] for _ in range(_N_PARTS)]
    n_before = 0
    for place, values in by_value:
        parts[_N_PARTS * n_before // len(pairs)].append((place, values))
        n_before += len(values)
    return [
        (_range(part[0][0], part[-1][0]), [v for _, values in part for v in values])
        for part in parts
        if part
    ]


def _range(low: float, high: float) -> str:
    low_text, high_text = format_number(low), format_number(high)
    return low_text if low_text == high_text else f"{low_text} to {high_text}"


def _mean(values: Sequence[float]) -> float:
    n = len(values)
    try:
        return math.fsum(values) / n
    except OverflowError:  # of values near the largest number
        return math.fsum(value / n for value in values)


def _spread(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = _mean(values)
    try:
        return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    except OverflowError:
        return None


def _best(values: Sequence[float], goal: Goal | None) -> float | None:
    if goal is None:
        return None
    return min(values) if goal == "min" else max(values)


def best_runs(rows: Sequence[Row], goal: Goal | None) -> list[Row]:
    """Return the best tenth of the runs that have a value, but at least five if there are as
    many."""
    known = [row for row in rows if has_value(row) and row.can_win]
    known.sort(key=attrgetter("best_value"), reverse=goal != "min")
    return known[: max(_FEWEST_BEST, math.ceil(len(known) * _BEST_PART))]


def value_range(rows: Sequence[Row], axis: Axis) -> BestValues:
    """Return the range of a hyperparameter in some runs, or how often they have which value."""
    found = [row.hyperparameters[axis.name] for row in rows if axis.name in row.hyperparameters]
    n_absent = len(rows) - len(found)
    if not found:
        text = "not set"
    elif axis.scale == "category":
        counts = [
            (sum(axis.place(v) == n for v in found), value) for n, value in enumerate(axis.values)
        ]
        counts.sort(key=lambda pair: -pair[0])
        text = ", ".join(f"{format_number(value)} ({n})" for n, value in counts if n)
    else:
        low, high = format_number(min(found)), format_number(max(found))
        text = low if low == high else f"{low} to {high}"
    return BestValues(axis.name, f"{text}, not set in {n_absent}" if found and n_absent else text)
