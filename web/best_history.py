"""Every run's best value in the order of the runs, and the best so far: a small drawing. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ml_tracking_ops.orchestrator.objective import Goal, is_better

WIDTH, HEIGHT, MARGIN = 400, 96, 6


@dataclass(frozen=True)
class Mark:
    """One run; `x` and `y` in the units of the drawing."""

    index: int
    x: float
    y: float
    value: float
    color: int
    run_id: str | None


@dataclass(frozen=True)
class BestHistory:
    """`path`: the best value so far, as the data of an SVG path."""

    marks: tuple[Mark, ...]
    path: str
    low: float
    high: float


def draw_history(rows: Iterable[dict[str, Any]], goal: Goal | None) -> BestHistory | None:
    """None where fewer than two runs have a finite value: there is nothing to compare."""
    known = sorted(
        (row for row in rows if row["best_value"] is not None and abs(row["best_value"]) < 1e300),
        key=lambda row: row["index"],
    )
    if goal is None or len(known) < 2:
        return None
    values = [float(row["best_value"]) for row in known]
    low, high = min(values), max(values)
    first, last = known[0]["index"], known[-1]["index"]

    def x(row: dict[str, Any]) -> float:
        return _between(row["index"], first, last, MARGIN, WIDTH - MARGIN)

    marks = tuple(
        Mark(row["index"], x(row), _between(value, low, high, HEIGHT - MARGIN, MARGIN), value,
             row["color"], row["id"])
        for row, value in zip(known, values, strict=True)
    )  # fmt: skip
    return BestHistory(marks, _best_so_far(marks, goal), low, high)


def _best_so_far(marks: tuple[Mark, ...], goal: Goal) -> str:
    best = marks[0]
    path = f"M{best.x:g} {best.y:g}"
    for mark in marks[1:]:
        path += f"H{mark.x:g}"
        if is_better(mark.value, best.value, goal):
            best = mark
            path += f"V{mark.y:g}"
    return path + f"H{WIDTH - MARGIN}"


def _between(value: float, low: float, high: float, start: float, end: float) -> float:
    part = (value - low) / (high - low) if high > low else 0.5
    return round(start + part * (end - start), 2)
