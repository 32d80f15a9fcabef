"""Attempts that wait to be started, some of them not before a given time."""

from .attempts import Attempt


class Backlog:
    """Attempts in the order in which they fall due; those due at once in the order they came."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Attempt]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, attempt: Attempt, due: float = 0.0) -> None:
        """Let an attempt wait until `due`, on whatever clock `take` is asked by."""
        self._waiting.append((due, attempt))
        self._waiting.sort(key=lambda entry: entry[0])

    def drop(self, index: int) -> None:
        """Let no attempt at a run wait any more."""
        self._waiting = [entry for entry in self._waiting if entry[1].index != index]

    def take(self, now: float) -> Attempt | None:
        """The first attempt that is due; None where none is."""
        if self._waiting and self._waiting[0][0] <= now:
            return self._waiting.pop(0)[1]
        return None

    @property
    def next_due(self) -> float | None:
        return self._waiting[0][0] if self._waiting else None


def backoff_s(first_s: float, attempt: int) -> float:
    """How long to wait after the failure of attempt 1, 2, …: twice as long each time."""
    return first_s * float(1 << min(attempt - 1, 16))
