"""Waiting for a sweep: until it has ended, or until its best value is good enough."""

import math
import operator
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..store.run_states import ENDS
from ..store.sweep_folder import Sweep
from ..store.sweep_record import SweepRecord
from .entries import fill_in_best

_LOOK_S = 0.25

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_BOUND = re.compile(r"best\s*(<=|>=|<|>)\s*(\S+)")


@dataclass(frozen=True)
class SweepCondition:
    """A condition on a sweep. Without an operator: that the sweep has finished."""

    operator: str | None = None
    bound: float = 0.0

    def is_met(self, sweep: SweepRecord) -> bool:
        if self.operator is None:
            return sweep.state == "finished"
        best = sweep.best
        if best is None or best.best_value is None:
            return False
        return _OPERATORS[self.operator](best.best_value, self.bound)

    def __str__(self) -> str:
        return "finished" if self.operator is None else f"best{self.operator}{self.bound:g}"


def parse_condition(text: str) -> SweepCondition:
    """Parse `finished`, `best<0.1`, `best >= 0.9`.

    Raises:
        ValueError: it has another form.
    """
    if text.strip() == "finished":
        return SweepCondition()
    found = _BOUND.fullmatch(text.strip())
    try:
        bound = math.nan if found is None else float(found[2])
    except ValueError:
        bound = math.nan
    if found is None or math.isnan(bound):
        raise ValueError(
            f"must be finished, or a bound such as best<0.1 or best>=0.9, got {text!r}"
        )
    return SweepCondition(found[1], bound)


def wait_for(
    sweep: Sweep, condition: SweepCondition, timeout_s: float | None = None
) -> Literal["met", "ended", "timed_out"]:
    """Wait until a condition is met, the sweep has ended without, or the time is over.

    Raises:
        UsageError: the bound is on the wrong side, or the sweep has several objectives and so no
            best value.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        sweep.refresh()
        has_ended = sweep.record.state in ENDS
        if condition.operator is not None:
            fill_in_best(sweep)
            _check(condition, sweep)
        if condition.is_met(sweep.record):
            return "met"
        if has_ended:
            return "ended"
        left_s = _LOOK_S if deadline is None else deadline - time.monotonic()
        if left_s <= 0:
            fill_in_best(sweep)
            return "timed_out"
        time.sleep(min(_LOOK_S, left_s))


def _check(condition: SweepCondition, sweep: Sweep) -> None:
    if sweep.aims.objectives:
        raise UsageError(
            f"{sweep.name} has several objectives, and so no best value to wait for. "
            "Wait until it is finished"
        )
    goal = sweep.optimization_goal
    if goal is not None and (condition.operator or "")[:1] != (">" if goal == "max" else "<"):
        better = {"max": "higher", "min": "lower"}[goal]
        turned = f"best{'>' if goal == 'max' else '<'}{condition.bound:g}"
        raise UsageError(
            f"{condition} asks for the wrong direction: {better} values of "
            f"{sweep.optimization_metric} are better in {sweep.name}. Did you mean {turned}?"
        )
