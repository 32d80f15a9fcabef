"""A curve as a small drawing beside a row, and the position of values of any size in a range."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml_tracking_ops.orchestrator.store.files.identities import FileCache, identify

from .store import SeriesStore
from .thinning import Float64s, Points, thin

WIDTH, HEIGHT = 72, 20
_MARGIN = 2
_BUCKETS = 30
_MOST_CURVES = 20_000
_ROUNDING = 1e-13  # a relative change below this is only rounding
_TINY = 1e-300  # smaller than this is nothing


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`path`: data of an SVG path in a box of `WIDTH` × `HEIGHT`. `low` to `high` fill it."""

    path: str
    low: float
    high: float


def draw_sparkline(points: Points) -> Sparkline | None:
    """Draw a curve. None if fewer than two values are finite."""
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
    """Return lines between known neighbours. A gap begins a new one."""
    parts: list[str] = []
    is_open = False
    for at_x, at_y, known in zip(x, y, is_known, strict=True):
        if known:
            parts.append(f"{'L' if is_open else 'M'}{at_x:.1f} {at_y:.1f}")
        is_open = known
    return "".join(parts)


def is_flat(low: float, high: float) -> bool:
    """Return whether two values are equal, apart from rounding."""
    half = high / 2 - low / 2  # the range may overflow
    return half <= max(abs(low), abs(high)) / 2 * _ROUNDING or half < _TINY


def part_between(value: float, low: float, high: float) -> float:
    """Return the position in a range from 0 to 1, or the middle if it is empty. For charts see
    `drawing/ranges.js`."""
    return 0.5 if is_flat(low, high) else (value / 2 - low / 2) / (high / 2 - low / 2)


class Sparklines:
    """The small curves of runs, kept once they are drawn: scrolling a table back reads no log."""

    def __init__(self, series: SeriesStore) -> None:
        self._series = series
        self._curves: FileCache[tuple[Path, str], Sparkline | None] = FileCache(_MOST_CURVES)

    def draw(self, path: Path, metric: str) -> Sparkline | None:
        """Return the curve of a metric in a log, or None if there is nothing to draw."""
        return self._curves.get((path, metric), identify(path), lambda: self._draw(path, metric))

    def _draw(self, path: Path, metric: str) -> Sparkline | None:
        column = self._series.overview(path, _BUCKETS).metrics.get(metric)
        return None if column is None else draw_sparkline(column.points)
