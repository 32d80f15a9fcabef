"""The best value of the optimisation metric, by the sweep's goal."""

import math
from collections.abc import Iterable
from typing import Literal

Goal = Literal["max", "min"]


def is_better(value: float, than: float | None, goal: Goal) -> bool:
    """Whether `value` is strictly better than `than`. NaN never is, anything beats `None`."""
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
        """Take new values in, and return whether one of them is the best so far."""
        improved = False
        for step, value in zip(steps, values, strict=True):
            self.n_values += 1
            if is_better(value, self.value, self.goal):
                self.value, self.step = float(value), int(step)
                improved = True
        return improved
