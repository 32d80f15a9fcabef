"""What a run has logged so far, read from the tail of its `.dat`, and what follows from it."""

import difflib
from pathlib import Path
from typing import Any, NamedTuple

from .config import SweepConfig
from .early_stopping import Patience, StopDecision
from .objective import Best

_NAMES_KEPT = 1_000
_NAMES_SHOWN = 10


class Reading(NamedTuple):
    """What one look at a run's log brought."""

    decision: StopDecision | None
    improved: bool
    has_more: bool


class RunMonitor:
    """Follows one run's log: its best value, its early-stopping rule, the names it logs."""

    def __init__(self, dat_path: Path, config: SweepConfig) -> None:
        # numpy comes with the reader: imported here, the first run is already under way
        from ml_tracking_ops.logger.reader import LogTail

        self.dat_path = dat_path
        self._config = config
        self._metric = config.optimization_metric
        self._tail = LogTail(dat_path)
        self._names: dict[str, None] = {}
        self._begin()

    def _begin(self) -> None:
        self._best = Best(self._config.optimization_goal or "max")
        self._rule = _rule(self._config)

    @property
    def has_logged(self) -> bool:
        return bool(self._names)

    @property
    def is_silent(self) -> bool:
        """Whether the optimisation metric has not been logged, though there is one."""
        return self._metric is not None and self._best.n_values == 0

    def read(self) -> Reading:
        """Take in a bounded part of what is new."""
        batch = self._tail.read()
        if batch.was_reset:
            self._begin()
        if len(self._names) < _NAMES_KEPT:
            self._names.update(dict.fromkeys(batch.series))
        series = batch.series.get(self._metric) if self._metric is not None else None
        if series is None:
            return Reading(None, False, batch.has_more)
        steps, values = series.step.tolist(), series.value.tolist()
        improved = self._best.update(steps, values)
        decision = self._rule.update(steps, values) if self._rule else None
        return Reading(decision, improved, batch.has_more)

    def read_all(self) -> None:
        """Take in all that is left, once the run has ended."""
        while self.read().has_more:
            pass

    def summary(self) -> dict[str, Any]:
        """The best value so far, as the journal holds it."""
        return {
            "best_value": self._best.value,
            "best_step": self._best.step,
            "n_values": self._best.n_values,
        }

    def explain_silence(self, run_name: str) -> str:
        """What to tell a user whose optimisation metric does not arrive."""
        if not self._names:
            return (
                f"run {run_name} has logged nothing, so there is no {self._metric!r} to optimise; "
                "does the script create an ExperimentLogger and call add_scalar?"
            )
        names = list(self._names)
        shown = ", ".join(map(repr, names[:_NAMES_SHOWN]))
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        return (
            f"run {run_name} has not logged the optimization_metric {self._metric!r}; "
            f"it logged {shown}{more}{self._nearest(names)}"
        )

    def _nearest(self, names: list[str]) -> str:
        by_lower = {name.lower(): name for name in names}
        close = difflib.get_close_matches(str(self._metric).lower(), by_lower, n=1)
        return f". Did you mean {by_lower[close[0]]!r}?" if close else ""


def _rule(config: SweepConfig) -> Patience | None:
    if not config.early_stopping:
        return None
    metric, goal = config.optimization_metric, config.optimization_goal
    patience = config.early_stopping_patience
    if metric is None or goal is None or patience is None:
        raise ValueError("early_stopping needs a metric, a goal and a patience")
    return Patience(metric, goal, patience)
