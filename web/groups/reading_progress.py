"""How far the reading of many logs has come, for pages that wait for what is made of them."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class ReadingProgress:
    n_runs: int
    n_read: int = 0


class ReadingsInProgress:
    """Those under way, by what was asked: counted in threads, looked at by the event loop."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, ReadingProgress] = {}

    @contextmanager
    def begin(self, asked: Hashable, n_runs: int) -> Iterator[ReadingProgress]:
        reading = self._under_way[asked] = ReadingProgress(n_runs)
        try:
            yield reading
        finally:
            if self._under_way.get(asked) is reading:  # another may ask the same meanwhile
                del self._under_way[asked]

    def find(self, asked: Hashable) -> ReadingProgress | None:
        return self._under_way.get(asked)
