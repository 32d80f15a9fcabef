"""Whether a sweep is broken from the start: its first runs all fail within seconds. Pure."""

from collections.abc import Iterable
from itertools import islice

from ...store.sweep_record import RunRecord, SweepRecord
from .active import ActiveRun

FIRST_FAILURES = 3
FAILS_WITHIN_S = 20.0


def first_runs_fail(sweep: SweepRecord, active: Iterable[ActiveRun]) -> str | None:
    """Why a sweep is not worth going on with, or None: asked as each run ends."""
    # one more than asked for is enough to know, however long the sweep has been running
    ended = list(islice((run for run in sweep.runs.values() if run.has_ended), FIRST_FAILURES + 1))
    if len(ended) != FIRST_FAILURES or not all(map(_fails_at_once, ended)):
        return None
    if any(run.monitor.has_logged for run in active):
        return None
    return f"the first {len(ended)} runs all failed within seconds"


def _fails_at_once(run: RunRecord) -> bool:
    duration_s = (run.ended_at or 0.0) - (run.started_at or 0.0)
    return run.state == "failed" and duration_s < FAILS_WITHIN_S
