"""How many of many logs have been read, for pages that wait for the result."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class ReadingProgress:
    n_runs: int
    n_read: int = 0


class ReadingsInProgress:
    """The readings under way, by query: counted in threads, read by the event loop."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, ReadingProgress] = {}

    @contextmanager
    def begin(self, asked: Hashable, n_runs: int) -> Iterator[ReadingProgress]:
        reading = self._under_way[asked] = ReadingProgress(n_runs)
        try:
            yield reading
        finally:
            # another request may ask for the same meanwhile
            if self._under_way.get(asked) is reading:
                del self._under_way[asked]

    def find(self, asked: Hashable) -> ReadingProgress | None:
        return self._under_way.get(asked)
