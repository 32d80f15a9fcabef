"""Warn of what runs do not log: their metric, or metrics in output that could not be read."""

import math
from pathlib import Path

from ...store.files.disk import lack_of_room
from .active import ActiveRun, ActiveRuns
from .monitor import Silence
from .recorder import Recorder

_ARRIVED: dict[Silence, str] = {
    "misses": "run {} printed what the metrics_pattern finds",
    "nothing": "run {} logs metrics now",
    "metric": "run {} has logged the metrics that were missing",
}


class SilenceWarnings:
    """Warns once, also if a full disk keeps a run silent."""

    def __init__(self, folder: Path, recorder: Recorder, active: ActiveRuns) -> None:
        self._folder = folder
        self._recorder = recorder
        self._active = active

    def _is_logged_by_any(self) -> bool:
        """Return whether any run has logged the metric: then its name is right, and it will
        come."""
        if any(run.monitor.best.n_values for run in self._active):
            return True
        return any(run.best_value is not None for run in self._recorder.record.runs.values())

    def warn_of_notes(self, run: ActiveRun) -> None:
        """Warn of output that could not be read for metrics."""
        for kind, note in run.monitor.take_notes():
            self._recorder.warn_once(f"output: {kind}", f"run {run.name}: {note}")

    def look_at(self, run: ActiveRun) -> None:
        """Warn of a run that should have logged its metric by now, or never did."""
        for settled in run.monitor.settled:
            self._recorder.take_back(settled, _ARRIVED[settled].format(run.name))
        is_running = run in self._active
        if is_running and run.started_at is None:
            return  # it waits in a queue
        running_s = self._active.ran_for_s(run) if is_running else math.inf
        silence = run.monitor.silence(running_s)
        if silence is None or (silence == "metric" and is_running and self._is_logged_by_any()):
            return
        trouble = None if run.monitor.has_logged else lack_of_room(self._folder)
        if trouble is None:
            self._recorder.warn_once(silence, run.monitor.explain_silence(run.name, silence))
        else:
            why = f"{trouble}: its log cannot be written"
            self._recorder.warn_once("disk", f"run {run.name} has logged nothing, and {why}")
