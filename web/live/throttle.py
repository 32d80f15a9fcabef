"""Throttle work that is requested often: marks accumulate, and one pass takes them all."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Throttle(Generic[T]):
    """Passes what was marked to `work`, at once if it is idle, and with pauses between."""

    def __init__(
        self, work: Callable[[list[T]], Awaitable[None]], pause_s: Callable[[], float]
    ) -> None:
        self._work = work
        self._pause_s = pause_s
        self._marked: dict[T, None] = {}
        self._has_marks = anyio.Event()

    def mark(self, item: T) -> None:
        self._marked[item] = None
        self._has_marks.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._has_marks.wait()
            self._has_marks = anyio.Event()
            marked, self._marked = list(self._marked), {}
            await self._work(marked)
            await anyio.sleep(self._pause_s())
