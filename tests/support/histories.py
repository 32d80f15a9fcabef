"""Runs that log at the same time, for tests of rules that compare them."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from ml_tracking_ops.orchestrator.stopping import Rule, StopDecision, StoppingRules

METRIC = "Accuracy"


class Point(NamedTuple):
    """One value of one run, in the order in which a sweep sees them."""

    run: int
    step: int
    value: float
    is_last: bool


@st.composite
def interleaved(
    draw: st.DrawFn, max_runs: int = 12, max_steps: int = 12, first_step: int = 1
) -> list[Point]:
    """Generate runs 1, 2, … of equal length. Their values are interleaved in any order."""
    n_runs, n_steps = draw(st.integers(1, max_runs)), draw(st.integers(1, max_steps))
    values = draw(
        st.lists(st.integers(0, 30), min_size=n_runs * n_steps, max_size=n_runs * n_steps)
    )
    order = draw(st.permutations([run for run in range(n_runs) for _ in range(n_steps)]))
    counts = [0] * n_runs
    points = []
    for run in order:
        value = float(values[run * n_steps + counts[run]])
        step = first_step + counts[run]
        counts[run] += 1
        points.append(Point(run + 1, step, value, counts[run] == n_steps))
    return points


def stops(points: Sequence[Point], rule: Rule) -> dict[int, StopDecision]:
    """Return the runs that a rule stops. The others finish."""
    rules = StoppingRules([rule])
    found: dict[int, StopDecision] = {}
    for point in points:
        decision = rules.update(point.run, METRIC, [point.step], [point.value])
        if decision is not None:
            found[point.run] = decision
        elif point.is_last:
            rules.complete(point.run)
    return found


def stop_steps(points: Sequence[Point], rule: Rule) -> dict[int, int | None]:
    """Return the step at which a rule stops each run."""
    return {run: decision.step for run, decision in stops(points, rule).items()}


def rounds(*runs: Sequence[float]) -> list[Point]:
    """Return runs in lockstep: all log step 1, in the order of their number, then step 2, …"""
    return [
        Point(number, step, values[step - 1], step == len(values))
        for step in range(1, max(map(len, runs)) + 1)
        for number, values in enumerate(runs, start=1)
        if step <= len(values)
    ]
