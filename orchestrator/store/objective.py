"""The best value of the optimization metric, by the sweep's goal."""

import math
from collections.abc import Iterable
from typing import Literal

Goal = Literal["max", "min"]


def is_better(value: float, than: float | None, goal: Goal) -> bool:
    """Return whether `value` is strictly better than `than`. NaN never is, and anything beats
    `None`."""
    if math.isnan(value):
        return False
    if than is None:
        return True
    return value > than if goal == "max" else value < than


class BestSoFar:
    """The best value so far of a run, and the step at which it was first reached."""

    __slots__ = ("goal", "n_values", "step", "value")

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self.value: float | None = None
        self.step: int | None = None
        self.n_values = 0

    def update(self, steps: Iterable[int], values: Iterable[float]) -> bool:
        """Take in new values, and return whether one of them is the best so far."""
        improved = False
        for step, value in zip(steps, values, strict=True):
            improved |= self.add(step, value)
        return improved

    def add(self, step: int, value: float) -> bool:
        """Take in one value, and return whether it is the best so far.

        It is `is_better` inlined: this runs for every value of every run.
        """
        self.n_values += 1
        best = self.value
        is_worse = best is not None and (value <= best if self.goal == "max" else value >= best)
        if is_worse or value != value:  # NaN
            return False
        self.value, self.step = float(value), int(step)
        return True
