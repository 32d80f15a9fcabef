"""A curve as a small drawing beside a row. Pure."""

from dataclasses import dataclass

import numpy as np

from .placing import part_between
from .thinning import Float64s, Points, thin

WIDTH, HEIGHT = 72, 20
_MARGIN = 2
_BUCKETS = 30


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`path`: data of an SVG path in a box of `WIDTH` × `HEIGHT`; `low` to `high` fill it."""

    path: str
    low: float
    high: float


def draw_sparkline(points: Points) -> Sparkline | None:
    """None where fewer than two values are finite."""
    few = thin(points, _BUCKETS)
    is_finite = np.isfinite(few.value)
    if is_finite.sum() < 2:
        return None
    low, high = float(few.value[is_finite].min()), float(few.value[is_finite].max())
    x = _MARGIN + (WIDTH - 2 * _MARGIN) * _within(few.step.astype(float))
    part = [part_between(value, low, high) for value in few.value[is_finite].tolist()]
    y = np.full(len(few), np.nan)
    y[is_finite] = HEIGHT - _MARGIN - (HEIGHT - 2 * _MARGIN) * np.array(part)
    return Sparkline(_path(x.tolist(), y.tolist(), is_finite.tolist()), low, high)


def _within(steps: Float64s) -> Float64s:
    length = steps[-1] - steps[0]
    return (steps - steps[0]) / length if length > 0 else np.zeros(len(steps))


def _path(x: list[float], y: list[float], is_known: list[bool]) -> str:
    """Lines between neighbours that are known; a gap begins a new one."""
    parts: list[str] = []
    is_open = False
    for at_x, at_y, known in zip(x, y, is_known, strict=True):
        if known:
            parts.append(f"{'L' if is_open else 'M'}{at_x:.1f} {at_y:.1f}")
        is_open = known
    return "".join(parts)
