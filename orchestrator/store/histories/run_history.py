"""The course of a run: its log read from disk, with the journal's data about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger.reading.columns import Series

from ..objective import BestSoFar, Goal
from ..run_record import RunRecord
from ..run_states import RunState


@dataclass(frozen=True)
class RunHistory:
    """The course of a run: all that it logged, and when it started and ended (epoch seconds)."""

    index: int
    name: str
    state: RunState
    series: Mapping[str, Series]
    started_at: float
    ended_at: float

    @property
    def last_step(self) -> int:
        ends = (int(series.step.max()) for series in self.series.values() if len(series))
        return max(ends, default=0)

    def n_values(self, metric: str) -> int:
        return len(self.series[metric]) if metric in self.series else 0

    def best(self, metric: str, goal: Goal, n_values: int | None = None) -> float | None:
        """Return the best of the first `n_values` values, by default of all."""
        best = BestSoFar(goal)
        if (series := self.series.get(metric)) is not None:
            best.update(series.step[:n_values].tolist(), series.value[:n_values].tolist())
        return best.value


def load_history(dat_path: Path | None, run: RunRecord) -> RunHistory | None:
    """Return the history of a run's last attempt, or None if it has no log."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError, read_run_log

    if dat_path is None:
        return None
    try:
        log = read_run_log(dat_path)
    except (OSError, LogFormatError):
        return None
    series = {name: series for name, series in log.items() if len(series)}
    first = min((float(s.wall_time.min()) for s in series.values()), default=0.0)
    last = max((float(s.wall_time.max()) for s in series.values()), default=0.0)
    started_at = first if run.started_at is None else run.started_at
    ended_at = last if run.ended_at is None else run.ended_at
    return RunHistory(run.index, run.name or "", run.state, series, started_at, ended_at)
