"""Virtual workers that train combinations of a task, a level of the budget in a unit of time."""

import heapq
import itertools
import math
from typing import Protocol

from .tasks import Combination, Task


class Contender(Protocol):
    """A tool under test: its sampler and its rule."""

    def suggest(self, index: int) -> Combination:
        """The combination of run 1, 2, …."""
        ...

    def report(self, index: int, level: int, value: float) -> bool:
        """Take in a value that is not the last; return whether the run continues."""
        ...

    def complete(self, index: int, level: int, value: float) -> None:
        """Take in a run's last value: it has trained to its end."""
        ...


def simulate(task: Task, contender: Contender, budget: int, workers: int) -> list[float]:
    """The regret after each level trained, `(budget,)`.

    1 is the distance between the best and the median of random combinations, 0 the best of them.
    """
    numbers = itertools.count(1)
    curves: dict[int, list[float]] = {}
    combinations: dict[int, Combination] = {}
    waiting: list[tuple[int, int, int]] = []

    def start(time: int) -> None:
        index = next(numbers)
        combinations[index], curves[index] = contender.suggest(index), []
        heapq.heappush(waiting, (time + 1, index, 1))

    for _ in range(workers):
        start(0)
    best, found = -math.inf, []
    while len(found) < budget:
        time, index, level = heapq.heappop(waiting)
        if level > len(curves[index]):  # most runs need few of their levels
            last = min(max(3 * (level - 1), 1), task.n_levels)
            curves[index] += task.curve(combinations[index], level, last)
        value = curves[index][level - 1]
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
    return [(top - value) / (top - middle) for value in found]
