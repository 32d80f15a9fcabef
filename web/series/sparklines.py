"""Small curves of runs, kept once they are drawn: scrolling a table back reads no log again."""

import threading
from collections import OrderedDict
from pathlib import Path

from .sparkline import Sparkline, draw_sparkline
from .store import Identity, SeriesStore, identify

_MOST_CURVES = 20_000


class Sparklines:
    """For any number of threads; the curve of a log that has changed since is drawn anew."""

    def __init__(self, series: SeriesStore) -> None:
        self._series = series
        self._known: OrderedDict[tuple[Path, str], tuple[Identity, Sparkline | None]] = (
            OrderedDict()
        )
        self._lock = threading.Lock()

    def draw(self, path: Path, metric: str) -> Sparkline | None:
        """The curve of a metric in a log; None where there is nothing to draw."""
        identity = identify(path)
        known = self._known.get((path, metric))
        if known is not None and known[0] == identity:
            return known[1]
        column = self._series.overview(path).metrics.get(metric)
        curve = None if column is None else draw_sparkline(column.points)
        with self._lock:
            self._known[path, metric] = identity, curve
            if len(self._known) > _MOST_CURVES:
                self._known.popitem(last=False)
        return curve
