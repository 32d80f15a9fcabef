"""A run that a program has to train: its hyperparameters, its log, the decisions of rules."""

import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from ml_tracking_ops.logger import paths, records
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ..stopping import StopDecision, StoppingRules
from ..stopping.milestones import CurveOfBest
from ..store.objective import BestSoFar, Goal
from ..store.outcomes.aims import Aims, OutcomeTracker


class _Study(Protocol):
    """What a run needs from its study."""

    @property
    def lock(self) -> AbstractContextManager[bool]:
        """The lock held during changes."""

    def follow(self, run: "StudyRun") -> None:
        """Take in what it has logged, and the requests of users."""


class StudyRun:
    """One run of a `Study`.

    Attributes:
        index: its number in the study, from 1.
        attempt: the number of this attempt at it, more than 1 if an earlier program was ended.
        hyperparameters: by name.
        logger: its logger. Pass the optimization metric to `report` instead.
        stopped_by: the decision to stop it, if there is one.
    """

    def __init__(
        self,
        study: _Study,
        index: int,
        attempt: int,
        hyperparameters: Mapping[str, Any],
        dat_path: Path,
        metric: str | None,
        goal: Goal | None,
        aims: Aims,
        rules: StoppingRules,
        slot: int,
        curve: CurveOfBest | None = None,
    ) -> None:
        self.index = index
        self.attempt = attempt
        self.hyperparameters: dict[str, Any] = dict(hyperparameters)
        self.logger = ExperimentLogger.at(dat_path)
        self.slot = slot
        self.started_at = time.time()
        self.best = BestSoFar(goal or "max")
        self.outcome = OutcomeTracker(aims)
        self.curve = curve
        self.stopped_by: StopDecision | None = None
        self.stopped_by_hand: str | None = None
        self.is_over = False
        self._study = study
        self._dat_path = dat_path
        self._metric = metric
        self._wanted = aims.objective_names if metric is None else [metric]
        self._rules = rules
        self._last: dict[str, tuple[int, float]] = {}

    def __repr__(self) -> str:
        return f"StudyRun({self.index}, {self.hyperparameters})"

    @property
    def name(self) -> str:
        """The name of its files."""
        return self._dat_path.stem

    @property
    def run_dir(self) -> Path:
        """The folder for its own files, such as checkpoints, created on first use.

        Raises:
            OSError: it cannot be made.
        """
        folder = Path(paths.run_folder_of(str(self._dat_path)))
        paths.make_folders(str(folder))
        return folder

    def report(self, value: float, step: int, metric: str | None = None) -> None:
        """Log a value, by default of the optimization metric, and pass it to the stopping rules.

        Raises:
            ValueError: the run is over, or the study has no optimization metric and none is named.
        """
        name = metric or self._metric
        if name is None:
            raise ValueError("the study has no one optimization_metric: name the metric")
        with self._study.lock:  # the rules are shared by all runs
            if self.is_over:
                raise ValueError(f"run {self.index} is over: its result has already been reported")
            self.logger.add_scalar(name, value, step)
            if name == self._metric:
                self.best.update([step], [value])
                if self.curve is not None:
                    self.curve.update([step], [value])
            self._last[name] = step, value
            self.outcome.update(name, [step], [value])
            decision = self._rules.update(self.index, name, [step], [value])
            self.stopped_by = self.stopped_by or decision
            self._study.follow(self)

    def should_stop(self) -> bool:
        """Return whether a stopping rule, a limit of the study or a user requires it to end now.

        Call `tell` afterwards as usual: the study knows that the run was stopped.
        """
        if not self.is_over:
            self._study.follow(self)
        return self.stopped_by is not None or self.stopped_by_hand is not None

    def check_final(self, value: float | Mapping[str, float]) -> None:
        """Check that a run which has trained to its end has what the study optimises.

        Raises:
            ValueError: the final values lack a metric that was not reported either.
        """
        if not isinstance(value, Mapping) or self.stopped_by or self.stopped_by_hand:
            return
        missing = [name for name in self._wanted if name not in value and name not in self._last]
        if missing:
            raise ValueError(
                f"run {self.index} has no value of {', '.join(missing)}: tell got only "
                f"{', '.join(map(str, value)) or 'an empty dict'}. Add it there, or report it "
                "before. The run is still open"
            )

    def report_last(self, value: float | Mapping[str, float]) -> None:
        """Log a final value, unless it equals the last logged one. It may be several, by metric.

        They are logged at the last step of any metric, or one later if that is taken.
        """
        if not isinstance(value, Mapping):
            if self._metric is None:
                raise ValueError(
                    "the study has no one optimization_metric: tell needs a dict of values by "
                    f"metric, got {value!r}"
                )
            value = {self._metric: value}
        new = {name: one for name, one in value.items() if self._last_value(name) != one}
        step = self._final_step(new)
        for name, one in new.items():
            self.report(one, step, name)

    def _last_value(self, name: str) -> float | None:
        return self._last[name][1] if name in self._last else None

    def _final_step(self, names: Collection[str]) -> int:
        last = max((step for step, _ in self._last.values()), default=0)
        is_taken = any(self._last[name][0] == last for name in names if name in self._last)
        return last + is_taken

    def close(self, *, has_failed: bool) -> None:
        """Close the log: nothing more is logged."""
        self.is_over = True
        self.logger.end(records.FAILED if has_failed else records.FINISHED)
