"""The best and last values of the metrics of runs, and their differences to a baseline. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ml_tracking_ops.orchestrator.store.objective import Goal, is_better

from ..runs.formats import format_number
from ..series.goals import Goals
from ..series.summaries import MetricSummary, Summaries

Statistic = Literal["best", "last"]
FIRST_METRICS = 12
_MOST_METRICS = 1_000


@dataclass(frozen=True)
class ResultCell:
    """A value of one run. `is_better`: than that of the baseline, None if not known."""

    text: str
    title: str
    delta: str = ""
    is_better: bool | None = None
    is_best: bool = False


@dataclass(frozen=True)
class ResultRow:
    """The best or the last value of a metric, with a cell for each run."""

    metric: str
    kind: Statistic
    goal: Goal | None
    cells: tuple[ResultCell, ...]


@dataclass(frozen=True)
class ComparedResults:
    """The rows of the metrics that are shown, of `n_metrics`."""

    rows: tuple[ResultRow, ...]
    n_metrics: int
    n_shown: int


def compare_results(
    runs: Sequence[Summaries],
    goals: Goals,
    baseline: int,
    derived: Sequence[str] = (),
    *,
    has_all: bool,
) -> ComparedResults:
    """Return two rows for each metric with a direction, else one with its last values.

    Args:
        runs: the metrics of each run.
        derived: derived metrics, which are always shown.
        has_all: whether all metrics are shown, and not only the first.
    """
    names = _ordered(runs, goals)
    logged = names[: _MOST_METRICS if has_all else FIRST_METRICS]
    shown = [*derived, *logged]
    rows = [row for name in shown for row in _rows(name, runs, goals.of(name), baseline)]
    return ComparedResults(tuple(rows), len(names), len(logged))


def _ordered(runs: Sequence[Summaries], goals: Goals) -> list[str]:
    """Return the metrics: first those that sweeps optimise, then those of most runs, in the order
    of their logs."""
    n_runs: dict[str, int] = {}
    for run in runs:
        for name in run:
            n_runs[name] = n_runs.get(name, 0) + 1
    return sorted(n_runs, key=lambda name: (name not in goals.own, -n_runs[name]))


def _rows(
    name: str, runs: Sequence[Summaries], goal: Goal | None, baseline: int
) -> list[ResultRow]:
    found = [run.get(name) for run in runs]
    kinds: tuple[Statistic, ...] = ("last",) if goal is None else ("best", "last")
    return [
        ResultRow(
            name, kind, goal, _cells([_value(one, kind, goal) for one in found], goal, baseline)
        )
        for kind in kinds
    ]


def _value(summary: MetricSummary | None, kind: Statistic, goal: Goal | None) -> float | None:
    if summary is None:
        return None
    if kind == "last":
        return summary.last
    return summary.min if goal == "min" else summary.max


def _cells(
    values: Sequence[float | None], goal: Goal | None, baseline: int
) -> tuple[ResultCell, ...]:
    known = [value for value in values if value is not None and math.isfinite(value)]
    best = None
    if goal is not None and len(set(known)) > 1:
        best = min(known) if goal == "min" else max(known)
    base = values[baseline]
    return tuple(
        _cell(value, None if at == baseline else base, goal, best)
        for at, value in enumerate(values)
    )


def _cell(
    value: float | None, base: float | None, goal: Goal | None, best: float | None
) -> ResultCell:
    if value is None:
        return ResultCell("–", "no value")
    cell = ResultCell(format_number(value), str(value), is_best=best is not None and value == best)
    if base is None or not (math.isfinite(base) and math.isfinite(value)):
        return cell
    difference = value - base
    if difference == 0 or not math.isfinite(difference):
        return ResultCell(cell.text, cell.title, "=" if difference == 0 else "", None, cell.is_best)
    better = None if goal is None else is_better(value, base, goal)
    return ResultCell(cell.text, cell.title, format_difference(difference), better, cell.is_best)


def format_difference(difference: float) -> str:
    """Return a difference with its sign, to three significant digits: ``+0.0123``, ``−4``."""
    text = format_number(float(f"{difference:.3g}"))
    return text if text.startswith("−") else f"+{text}"


def goals_of(
    own: Sequence[Mapping[str, Goal]], chosen: Mapping[str, Goal], logged: Mapping[str, Goal]
) -> Goals:
    """Return the goals of all runs together. A metric on which sweeps disagree has none."""
    found: dict[str, set[Goal]] = {}
    for one in own:
        for metric, goal in one.items():
            found.setdefault(metric, set()).add(goal)
    agreed = {metric: next(iter(goals)) for metric, goals in found.items() if len(goals) == 1}
    return Goals(agreed, chosen, logged)
