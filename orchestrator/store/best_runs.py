"""Find the best run of a sweep. Pure."""

from collections.abc import Iterable

from .objective import Goal, is_better
from .run_record import RunRecord
from .run_states import UNCOUNTED


def best_run(runs: Iterable[RunRecord], goal: Goal | None) -> RunRecord | None:
    """Return the run of the search with the best value, the earliest of equals, or None without
    one."""
    best: RunRecord | None = None
    for run in runs:
        if goal is None or run.best_value is None or run.is_confirming:
            continue
        if is_better(run.best_value, None if best is None else best.best_value, goal):
            best = run
    return best


def best_that_counts(runs: Iterable[RunRecord], goal: Goal | None) -> RunRecord | None:
    """Return the best of the runs that came to their end, if the best of all did not, else None."""
    every = list(runs)
    best = best_run(every, goal)
    if best is None or best.state not in UNCOUNTED:
        return None
    return best_run((run for run in every if run.state not in UNCOUNTED), goal)
