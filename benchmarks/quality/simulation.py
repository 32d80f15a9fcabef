"""Virtual workers that train combinations of a task, one level of the budget at a time."""

import heapq
import itertools
import math
from typing import Protocol

from .tasks import Combination, Task

_MOST = 10.0
"""The regret of a sweep that has found nothing yet."""


class Contender(Protocol):
    """A tool under test: a sampler and a rule."""

    def suggest(self, index: int) -> Combination:
        """Return the combination of run 1, 2, …."""
        ...

    def report(self, index: int, level: int, value: float) -> bool:
        """Take in a value that is not the last. Return whether the run continues."""
        ...

    def complete(self, index: int, level: int, value: float) -> None:
        """Take in the last value of a run."""
        ...

    def promoted(self) -> int | None:
        """The run that was paused and continues now, instead of a new one."""
        return None


def simulate(task: Task, contender: Contender, budget: int, workers: int) -> list[float]:
    """Return the regret after each level, `(budget,)`.

    0 is the best of random combinations, 1 their median.
    """
    numbers = itertools.count(1)
    curves: dict[int, list[float]] = {}
    combinations: dict[int, Combination] = {}
    counts: dict[int, bool] = {}
    reached: dict[int, int] = {}
    waiting: list[tuple[int, int, int]] = []

    def start(time: int) -> None:
        if (paused := contender.promoted()) is not None:
            heapq.heappush(waiting, (time + 1, paused, reached[paused] + 1))
            return
        index = next(numbers)
        combinations[index], curves[index] = contender.suggest(index), []
        counts[index] = task.counts(combinations[index])
        heapq.heappush(waiting, (time + 1, index, 1))

    for _ in range(workers):
        start(0)
    best, found = -math.inf, []
    while len(found) < budget:
        time, index, level = heapq.heappop(waiting)
        if level > len(curves[index]):  # most runs need only a few levels
            last = min(max(3 * (level - 1), 1), task.n_levels)
            curves[index] += task.curve(combinations[index], level, last)
        value = curves[index][level - 1]
        reached[index] = level
        if counts[index]:
            best = max(best, value)
        found.append(best)
        if level == task.n_levels:
            contender.complete(index, level, value)
            start(time)
        elif contender.report(index, level, value):
            heapq.heappush(waiting, (time + 1, index, level + 1))
        else:
            start(time)
    top, middle = task.scale
    return [min((top - value) / (top - middle), _MOST) for value in found]
