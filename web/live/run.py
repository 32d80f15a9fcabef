"""The live values of a run on pages: its best value so far, and its small curve.

Both come from one tail of its `.dat`: no part of a long log is read twice.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ml_tracking_ops.logger.reading.reader import LogFormatError, LogTail, Series, history_before
from ml_tracking_ops.orchestrator.store.objective import BestSoFar, Goal

from ..series.sparkline import Sparkline, draw_sparkline
from ..series.thinning import Points, sort_by_step, thin
from ..serving.sse import encode_event

_MOST_POINTS = 2_048
_KEPT_BUCKETS = 256
_NO_POINTS = Points(np.empty(0, np.int64), np.empty(0), np.empty(0))
_PAUSE_S = 1.0
_CURVES_A_SECOND = 16


class LiveCurve:
    """The points of one metric as finely as a small curve needs them, in bounded memory.

    `has_news`: there are points since it was last sent. The sender resets it.
    """

    def __init__(self) -> None:
        self._points = _NO_POINTS
        self.has_news = False

    def add(self, series: Series) -> None:
        """Take in new points, in the order of the file."""
        known = self._points
        self._points = Points(
            np.concatenate((known.step, series.step)),
            np.concatenate((known.wall_time, series.wall_time)),
            np.concatenate((known.value, series.value)),
        )
        if len(self._points) > _MOST_POINTS:
            self._points = thin(sort_by_step(self._points), _KEPT_BUCKETS)
        self.has_news = True

    def draw(self) -> Sparkline | None:
        """Draw the curve. None if fewer than two values are finite."""
        return draw_sparkline(sort_by_step(self._points)) if len(self._points) else None


class LiveRun:
    """The best value so far of a running run, and its curve, from the tail of its `.dat`."""

    def __init__(self, dat_path: Path, metric: str, goal: Goal) -> None:
        self.dat_path = dat_path
        self.metric = metric
        self.best = BestSoFar(goal)
        self.curve = LiveCurve()
        self._tail = LogTail(dat_path, follow_link=False, before=history_before)

    def read(self) -> bool:
        """Take in what is new, and return whether the best value changed."""
        before = self.best.value
        has_more = True
        while has_more:
            try:
                batch = self._tail.read()
            except (OSError, LogFormatError):
                break
            has_more = batch.has_more
            if batch.was_reset:
                self.best, self.curve = BestSoFar(self.best.goal), LiveCurve()
            series = batch.series.get(self.metric)
            if series is not None and len(series.step):
                self.best.update(series.step.tolist(), series.value.tolist())
                self.curve.add(series)
        return self.best.value != before


class LiveCurves:
    """Decides when the small curves of the running runs are sent, and to whom.

    A curve is some hundred bytes, so all that have changed are sent together, once a second, and
    less often the more runs there are: the amount sent per second stays the same. `sent_at` is kept
    for those who missed some: the number at which each curve was last sent.
    """

    def __init__(self, sweep_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._sweep_id = sweep_id
        self._clock = clock
        self._next_at = clock()
        self._sent_at: dict[int, int] = {}

    def due(self, running: Mapping[int, LiveRun]) -> list[int]:
        """Return the runs whose curves are due."""
        if self._clock() < self._next_at:
            return []
        return [index for index, live in running.items() if live.curve.has_news]

    def encode_due(self, running: Mapping[int, LiveRun], due: list[int], number: int) -> bytes:
        """Encode the event number `number` of the live stream, or nothing if nothing is due."""
        if not due:
            return b""
        self._next_at = self._clock() + max(_PAUSE_S, len(due) / _CURVES_A_SECOND)
        self._sent_at.update(dict.fromkeys(due, number))
        for index in due:
            running[index].curve.has_news = False
        return self._encode(running, due)

    def encode_since(self, running: Mapping[int, LiveRun], number: int) -> bytes:
        """Encode the curves that were sent after this number, for a client that missed them."""
        return self._encode(
            running, [index for index in running if self._sent_at.get(index, 0) > number]
        )

    def _encode(self, running: Mapping[int, LiveRun], indices: list[int]) -> bytes:
        curves: list[tuple[Any, ...]] = []
        for index in indices:
            curve = running[index].curve.draw()
            if curve is not None:
                curves.append((index, curve.path, curve.low, curve.high))
        if not curves:
            return b""
        return encode_event("curves", {"sweep": self._sweep_id, "curves": curves})
