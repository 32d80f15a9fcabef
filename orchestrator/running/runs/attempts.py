"""Attempts at runs that will be started, and the queue of those that wait."""

from dataclasses import dataclass, replace

from ...search.samplers import Combination


@dataclass(frozen=True)
class Attempt:
    """One attempt at a combination, waiting for a slot.

    Attributes:
        number: counts from 1.
        n_failed: how many earlier attempts failed by themselves and used up a retry.
    """

    index: int
    hyperparameters: Combination
    number: int = 1
    n_failed: int = 0

    def again(self, *, has_failed: bool = False) -> "Attempt":
        """Return the next attempt at the same combination."""
        return replace(self, number=self.number + 1, n_failed=self.n_failed + has_failed)


class AttemptQueue:
    """Attempts in the order in which they are due. Those due at once keep their order."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Attempt]] = []
        self._first_in_line: int | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, index: object) -> bool:
        """Return whether an attempt at the run with this index waits."""
        return any(attempt.index == index for _, attempt in self._waiting)

    @property
    def is_in_line(self) -> bool:
        """Whether an attempt waits for what other sweeps hold: nothing new starts before it."""
        return self._first_in_line is not None and self._first_in_line in self

    def add(self, attempt: Attempt, due: float = 0.0, *, in_line: bool = False) -> None:
        """Queue an attempt until `due`, by the clock that `take` is called with.

        Args:
            in_line: it waits for what other sweeps hold.
        """
        if in_line:
            self._first_in_line = attempt.index
        self._waiting.append((due, attempt))
        self._waiting.sort(key=lambda entry: entry[0])

    def drop(self, index: int) -> None:
        """Remove all waiting attempts at a run."""
        self._waiting = [entry for entry in self._waiting if entry[1].index != index]

    def take(self, now: float) -> Attempt | None:
        """Return the first attempt that is due, or None."""
        if self._waiting and self._waiting[0][0] <= now:
            return self._waiting.pop(0)[1]
        return None

    @property
    def next_due(self) -> float | None:
        return self._waiting[0][0] if self._waiting else None


def backoff_s(first_s: float, attempt: int) -> float:
    """Return the delay after the failure of attempt 1, 2, …: twice as long each time."""
    return first_s * float(1 << min(attempt - 1, 16))
