"""Each run's best value in the order of their ends, and the best so far: a small drawing. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ml_tracking_ops.orchestrator.store.objective import Goal, is_better
from ml_tracking_ops.orchestrator.store.run_states import RESULTS_THAT_COUNT, RunState

from ..runs.entries import RunEntry, finite_values, has_value
from .sparkline import is_flat, part_between

WIDTH, HEIGHT, MARGIN = 400, 96, 6
_MOST_MARKS = 250


@dataclass(frozen=True)
class RunPoint:
    """One run. `x` and `y` are in the units of the drawing.

    `outside`: its value is above or below the drawn range, and the mark is at that edge.
    """

    index: int
    x: float
    y: float
    value: float
    state: RunState
    run_id: str | None
    outside: Literal["above", "below"] | None = None


@dataclass(frozen=True)
class BestHistory:
    """`path`: the best value so far, as the data of an SVG path.

    With very many runs only every `every`-th has a mark, and each that was the best when it ended.
    """

    marks: tuple[RunPoint, ...]
    path: str
    low: float
    high: float
    every: int
    n_above: int = 0
    n_below: int = 0


def draw_history(rows: Iterable[RunEntry], goal: Goal | None, n_planned: int) -> BestHistory | None:
    """Draw the history. None if fewer than three runs have a finite value.

    The drawing has room for all `n_planned` runs from the beginning, so that nothing moves.
    """
    known = sorted(filter(has_value, rows), key=lambda run: (run.ended_at or math.inf, run.index))
    if goal is None or len(known) < 3:
        return None
    values = finite_values(known)
    low, high = _span(known, values, goal)
    last = max(n_planned, len(known))
    improved = _improvements(values, goal)
    every = math.ceil(len(known) / _MOST_MARKS)

    def mark(place: int) -> RunPoint:
        run, value = known[place], values[place]
        return RunPoint(
            index=run.index,
            x=_between(place + 1, 1, last, MARGIN, WIDTH - MARGIN),
            y=_between(min(max(value, low), high), low, high, HEIGHT - MARGIN, MARGIN),
            value=value,
            state=run.state,
            run_id=run.id,
            outside=_outside(value, low, high),
        )

    shown = tuple(map(mark, sorted({*range(0, len(known), every), *improved})))
    path = _stairs([mark(place) for place in improved], mark(len(known) - 1).x)
    places = Counter(_outside(value, low, high) for value in values)
    return BestHistory(shown, path, low, high, every, places["above"], places["below"])


def _span(known: Sequence[RunEntry], values: Sequence[float], goal: Goal) -> tuple[float, float]:
    """Return the range of runs that came to their end, and of the best. Values of running or killed
    runs may be far off, and are marked at the edge."""
    best = max(values) if goal == "max" else min(values)
    ended = finite_values(run for run in known if run.state in RESULTS_THAT_COUNT)
    span = [*ended, best] if len(ended) > 1 else values
    return min(span), max(span)


def _outside(value: float, low: float, high: float) -> Literal["above", "below"] | None:
    """Return whether a value is outside. One that differs only by rounding is inside."""
    if value > high and not is_flat(high, value):
        return "above"
    return "below" if value < low and not is_flat(value, low) else None


def _improvements(values: Sequence[float], goal: Goal) -> list[int]:
    """Return the places of those that were the best when they ended."""
    improved: list[int] = []
    for place, value in enumerate(values):
        if is_better(value, values[improved[-1]] if improved else None, goal):
            improved.append(place)
    return improved


def _stairs(improved: list[RunPoint], end: float) -> str:
    first, *rest = improved
    steps = "".join(f"H{mark.x:g}V{mark.y:g}" for mark in rest)
    return f"M{first.x:g} {first.y:g}{steps}H{end:g}"


def _between(value: float, low: float, high: float, start: float, end: float) -> float:
    return round(start + part_between(value, low, high) * (end - start), 2)
