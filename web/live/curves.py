"""When the small curves of the runs that go on are sent, and to whom.

A curve is some hundred bytes, so all that have changed go together, once a second, and less often
the more runs go on: what is sent in a second stays the same.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from ..serving.sse import encode_event
from .run import LiveRun

_PAUSE_S = 1.0
_CURVES_A_SECOND = 16


class LiveCurves:
    """`sent_at` is kept for those who missed some: at which number each curve was last sent."""

    def __init__(self, sweep_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._sweep_id = sweep_id
        self._clock = clock
        self._next_at = clock()
        self._sent_at: dict[int, int] = {}

    def due(self, running: Mapping[int, LiveRun]) -> list[int]:
        """The runs whose curves are to be sent now."""
        if self._clock() < self._next_at:
            return []
        return [index for index, live in running.items() if live.curve.has_news]

    def encode_due(self, running: Mapping[int, LiveRun], due: list[int], number: int) -> bytes:
        """The event number `number` of the live stream; nothing where nothing is due."""
        if not due:
            return b""
        self._next_at = self._clock() + max(_PAUSE_S, len(due) / _CURVES_A_SECOND)
        self._sent_at.update(dict.fromkeys(due, number))
        for index in due:
            running[index].curve.has_news = False
        return self._encode(running, due)

    def encode_since(self, running: Mapping[int, LiveRun], number: int) -> bytes:
        """Those that were sent after this number, for somebody who was not there."""
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
