"""What a run has logged so far, read from the tail of its `.dat`, and the consequences."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import anyio.lowlevel

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.records import LogFormatError

from ...config.model import SweepConfig
from ...errors import nearest
from ...stopping import StopDecision, StoppingRules
from ...store.objective import BestSoFar
from ...store.outcomes.aims import OutcomeTracker
from .limits import curve_for
from .open_files import import_in_thread

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reading.columns import Series
    from ml_tracking_ops.logger.reading.tail import LogTail

    from .events.metrics import EventFileFollower
    from .output_metrics import OutputMetrics

_NAMES_KEPT = 1_000
_NAMES_SHOWN = 10
_SILENT_S = 30.0
_FEW_VALUES = 5
_FEW_VALUES_S = 10.0
_MISSPELT = 0.8
_READER = "ml_tracking_ops.logger.reading.reader"
_MOST_BYTES = 1 << 17
"""How much of a log is read at once, so that other tasks soon have their turn."""


Silence = Literal["misses", "nothing", "metric"]
"""What is missing: printed lines match no pattern, nothing is logged, or other metrics are logged
but not the optimization metric."""


class LogUpdate(NamedTuple):
    """The result of one read of a run's log."""

    decision: StopDecision | None
    improved: bool
    has_more: bool


class RunMonitor:
    """Follows one run's log: its best value, the decisions of rules, the names it logs.

    Args:
        run: its index, by which the rules distinguish it from the others.

    Attributes:
        source_path: the file that grows when the run logs a value: its log, or its output. None if
            its values come from event files, of which there may be many.
    """

    def __init__(
        self,
        dat_path: Path,
        config: SweepConfig,
        rules: StoppingRules,
        run: int,
    ) -> None:
        self.dat_path = dat_path
        sources = {"log": dat_path, "stdout": dat_path.with_suffix(paths.LOG_SUFFIX)}
        self.source_path = sources.get(config.metrics_from)
        self._config = config
        self._metric = config.optimization_metric
        self._aims = config.aims
        self._rules = rules
        self._run = run
        self._watched = {self._metric, *self._aims.metrics, *rules.metrics}
        self._output: OutputMetrics | EventFileFollower | None = None
        self._tail: LogTail | None = None
        self._tail_path = os.fspath(dat_path)
        self._owes_reset = False
        self.trouble: str | None = None
        self._names: dict[str, int] = {}
        self._begin()

    def _begin(self) -> None:
        self._best = BestSoFar(self._config.optimization_goal or "max")
        self._outcome = OutcomeTracker(self._aims)
        self._curve = curve_for(self._config)
        self._rules.forget(self._run)

    def follow_output(self, events: "EventFileFollower | None" = None) -> None:
        """Begin to read metrics from what the run writes, if the configuration requires it.

        Args:
            events: the reader of its event files. None means that its metrics come from its output,
                if not from its log.
        """
        if events is None and self._config.metrics_from == "stdout":
            from .output_metrics import open_output

            self._output = open_output(self.dat_path, self._config)
        else:
            self._output = events

    @property
    def has_logged(self) -> bool:
        return bool(self._names)

    @property
    def settled(self) -> list[Silence]:
        """Metrics that can no longer be missing."""
        arrived: list[Silence] = ["misses", "nothing"] if self._names else []
        return arrived if self._missing else [*arrived, "metric"]

    @property
    def _missing(self) -> list[str]:
        """The required metrics still missing from its log."""
        own = [] if self._metric is None else [self._metric]
        return [name for name in (*own, *sorted(self._aims.metrics)) if name not in self._names]

    def silence(self, running_s: float) -> Silence | None:
        """Return what a run should have logged by now and has not, or None.

        Args:
            running_s: how long it has been running, infinite once it has ended.
        """
        if self._output is not None and self._output.has_only_misses:
            is_late = self._output.missing_s > _SILENT_S or math.isinf(running_s)
            return "misses" if is_late else None
        if not (missing := self._missing):
            return None
        if not self._names:
            return "nothing" if running_s > _SILENT_S else None
        if self._metric not in missing:  # others may follow at the end of the run
            return "metric" if math.isinf(running_s) else None
        has_some_values = max(self._names.values()) >= _FEW_VALUES
        is_misspelt = nearest(missing[0], self._names, cutoff=_MISSPELT) is not None
        patience_s = _SILENT_S if not has_some_values else 0.0 if is_misspelt else _FEW_VALUES_S
        return "metric" if running_s > patience_s else None

    def take_notes(self) -> list[tuple[str, str]]:
        """Return messages for users about output that was not read, once: kind and text."""
        notes = [] if self._output is None else list(self._output.notes)
        if self._output is not None:
            self._output.notes.clear()
        return notes

    async def load_reader(self) -> None:
        """Import the reader of logs, once there is a log, in a thread: numpy comes with it, and
        takes as long to load as some runs do."""
        if self._tail is None and os.path.lexists(self._tail_path):
            await import_in_thread(_READER)

    async def load_followers(self) -> None:
        """Import what `follow_output` needs, in a thread."""
        if self._config.metrics_from == "stdout":
            await import_in_thread(f"{__package__}.output_metrics", "regex", _READER)
        elif self._config.metrics_from == "tensorboard":
            await import_in_thread(f"{__package__}.events.metrics", f"{__package__}.events.owner")

    async def catch_up(self) -> None:
        """Take in what an ended run has logged, and yield to other tasks between parts of it."""
        await self.load_reader()
        while self.read().has_more:
            await anyio.lowlevel.checkpoint()

    def read(self) -> LogUpdate:
        """Take in a bounded part of what is new."""
        printed_more = self._output is not None and self._output.read()
        tail = self._tail or self._open_tail()
        if tail is None:
            return LogUpdate(None, False, printed_more)
        try:
            batch = tail.read(_MOST_BYTES)
        except (OSError, LogFormatError) as error:
            self.trouble = str(error)
            return LogUpdate(None, False, False)
        self._owes_reset |= batch.was_reset
        if self._owes_reset and batch.series:  # a deleted log keeps what was known of it
            self._owes_reset = False
            self._begin()
        self._count_values(batch.series)
        decision, improved = None, False
        for name, series in batch.series.items():
            if name not in self._watched:
                continue
            steps, values = series.step.tolist(), series.value.tolist()
            self._outcome.update(name, steps, values)
            if name == self._metric:
                improved = self._best.update(steps, values)
                if self._curve is not None:
                    self._curve.update(steps, values)
            decision = self._rules.update(self._run, name, steps, values) or decision
        return LogUpdate(decision, improved, batch.has_more or printed_more)

    def _count_values(self, series: "Mapping[str, Series]") -> None:
        for name, values in series.items():
            if name in self._names or len(self._names) < _NAMES_KEPT:
                self._names[name] = self._names.get(name, 0) + len(values.step)

    def _open_tail(self) -> "LogTail | None":
        """Open the log once it exists."""
        if os.path.lexists(self._tail_path):
            from ml_tracking_ops.logger.reading.reader import LogTail, history_before

            self._tail = LogTail(self._tail_path, follow_link=False, before=history_before)
        return self._tail

    def follow_to(self, folder: Path) -> None:
        """Continue reading the log in another folder, after it was moved there."""
        self._tail_path = os.fspath(folder / self.dat_path.name)
        if self._tail is not None:
            self._tail.path = self._tail_path

    def read_all(self) -> None:
        """Take in all that is left, once the run has ended."""
        if self._output is not None:
            self._output.finish()
        while self.read().has_more:
            pass

    @property
    def best(self) -> BestSoFar:
        """The best value of the optimization metric so far."""
        return self._best

    def summary_at_end(self, decision: StopDecision | None) -> dict[str, Any]:
        """Return the summary of a run that has ended, with the course of its best value.

        Args:
            decision: to stop the run, if there was one.
        """
        if self._curve is None:
            return self.summary()
        until = None if decision is None else decision.step
        return {**self.summary(), "curve": self._curve.points(until)}

    def summary(self) -> dict[str, Any]:
        """Return the best value so far, as the journal holds it, and those of the other metrics
        that count."""
        known = {n: value for n, value in self._outcome.values.items() if math.isfinite(value)}
        return {
            "best_value": self._best.value,
            "best_step": self._best.step,
            "n_values": self._best.n_values,
            **({"values": known} if self._aims.metrics else {}),
        }

    def explain_silence(self, run_name: str, silence: Silence) -> str:
        """Explain why the optimization metric is missing."""
        if self._output is not None and silence == "misses":
            return f"run {run_name} {self._output.explain_misses()}"
        if silence == "nothing":
            return (
                f"run {run_name} has logged nothing, so there is no {self._missing[0]!r} to "
                "optimise. "
                f"{self._what_is_printed()}"
            )
        names = list(self._names)
        shown = ", ".join(map(repr, names[:_NAMES_SHOWN]))
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        missing = self._missing[0]
        what = self._what_it_is(missing)
        return (
            f"run {run_name} has not logged {what} {missing!r} so far. "
            f"It logged {shown}{more}{self._nearest(missing, names)}"
        )

    def _what_it_is(self, name: str) -> str:
        if name == self._metric:
            return "the optimization_metric"
        is_objective = any(one.metric == name for one in self._aims.objectives)
        return "the objective" if is_objective else "the metric of where,"

    def _what_is_printed(self) -> str:
        """Explain how to read the metric if the script prints it, or else how to log it."""
        from .events.metrics import EventFileFollower

        if isinstance(self._output, EventFileFollower):
            return f"Are its event files below tensorboard_dir, {self._output.folder}?"
        from ...output.parser import parse_all
        from ...output.patterns import PATTERNS
        from ...store.files.output_tail import last_lines

        lines = last_lines(self.dat_path.with_suffix(paths.LOG_SUFFIX))
        for pattern in PATTERNS:
            if any(name in self._missing for name, _, _ in parse_all(pattern, lines)):
                return (
                    "The script prints it. To read it from the output, write into "
                    "experiment_cfg.json "
                    f'"metrics_from": "stdout", "metrics_pattern": {json.dumps(pattern)}'
                )
        return "Does the script create an ExperimentLogger and call add_scalar?"

    def _nearest(self, name: str, names: list[str]) -> str:
        found = nearest(name, names, cutoff=0.6)
        return "" if found is None else f". Did you mean {found!r}?"
