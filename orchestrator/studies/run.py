"""A run that a program was given to train: its hyperparameters, its log, what rules say of it."""

import time
from collections.abc import Mapping
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
    """What a run asks of its study."""

    @property
    def lock(self) -> AbstractContextManager[bool]:
        """Held while something changes."""

    def follow(self, run: "StudyRun") -> None:
        """Take in that it has logged something, and what users ask of it."""


class StudyRun:
    """One run of a `Study`.

    Attributes:
        index: its number in the study, from 1.
        attempt: which attempt at it this is, more than 1 where an earlier program was ended.
        hyperparameters: by name.
        logger: what it logs with. The optimization metric is best given to `report`.
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
        self._rules = rules
        self._last: tuple[int, float] | None = None

    def __repr__(self) -> str:
        return f"StudyRun({self.index}, {self.hyperparameters})"

    @property
    def name(self) -> str:
        """The name of its files."""
        return self._dat_path.stem

    @property
    def run_dir(self) -> Path:
        """The folder for its own files, such as checkpoints, made when it is first asked for.

        Raises:
            OSError: it cannot be made.
        """
        folder = Path(paths.run_folder_of(str(self._dat_path)))
        paths.make_folders(str(folder))
        return folder

    def report(self, value: float, step: int, metric: str | None = None) -> None:
        """Log a value, by default of the optimization metric, and show it to the stopping rules.

        Raises:
            ValueError: the run is over, or the study has no optimization metric and none is named.
        """
        name = metric or self._metric
        if name is None:
            raise ValueError("the study has no one optimization_metric: name the metric")
        with self._study.lock:  # the rules are those of all runs
            if self.is_over:
                raise ValueError(f"run {self.index} is over: its result has been reported already")
            self.logger.add_scalar(name, value, step)
            if name == self._metric:
                self.best.update([step], [value])
                if self.curve is not None:
                    self.curve.update([step], [value])
                self._last = step, value
            self.outcome.update(name, [step], [value])
            decision = self._rules.update(self.index, name, [step], [value])
            self.stopped_by = self.stopped_by or decision
            self._study.follow(self)

    def should_stop(self) -> bool:
        """Whether a stopping rule, a limit of the study or a user wants it to end now.

        Tell the study then as usual: it knows that the run was stopped.
        """
        if not self.is_over:
            self._study.follow(self)
        return self.stopped_by is not None or self.stopped_by_hand is not None

    def report_last(self, value: float | Mapping[str, float]) -> None:
        """Log a final value, unless it is the one that was logged last, or several by metric."""
        if isinstance(value, Mapping):
            step = 0 if self._last is None else self._last[0]
            for name, one in value.items():
                self.report(one, step, name)
        elif self._last is None:
            self.report(value, 0)
        elif self._last[1] != value:
            self.report(value, self._last[0] + 1)

    def close(self, *, has_failed: bool) -> None:
        """Nothing more is logged."""
        self.is_over = True
        self.logger.end(records.FAILED if has_failed else records.FINISHED)
