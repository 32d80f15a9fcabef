"""A sweep as it is in its folder: read from its description, its journal and evidence alone."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.file_systems import is_on_network
from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.server_clock import silent_for_s

from ..supervision.process_table import is_alive
from .annotations import NO_ANNOTATIONS, Annotations
from .best_runs import best_run, best_that_counts
from .description import read_description
from .files import fields
from .files.origins import is_copy, seconds_untouched
from .files.run_refs import LOCAL, process_of
from .journal import Event, JournalTail
from .objective import BestSoFar, Goal
from .outcomes.aims import Aims, aims_of
from .outcomes.front_measure import FrontMeasure
from .outcomes.logged_values import kept_values
from .process_records import (
    ProcessRecord,
    end_unseen,
    job_record_path,
    read_processes,
)
from .run_record import RunRecord
from .run_states import ENDS, SUBMITTED, SWEEP_ENDS, RunState
from .sweep_record import SweepRecord

T = TypeVar("T")

_LEGACY_S = 5.0
_BEATS_WITHIN_S = 120.0
_JOB_SILENT_S = 600.0
_COPIED_WITHIN_S = 600.0


@dataclass(eq=False)
class Sweep:
    """A folder that an `experiment_description.json` marks as a sweep."""

    id: str
    name: str
    path: Path
    description: Mapping[str, Any]
    is_legacy: bool
    record: SweepRecord
    started_at: float
    _journal: JournalTail = field(repr=False)
    annotations: Annotations = NO_ANNOTATIONS
    changes: list[int | None] = field(default_factory=list, repr=False)
    """The run of each change so far, in order.

    A new list if the journal was replaced. Its length is a cursor: several readers can ask for the
    changes after theirs.
    """
    trouble: str | None = None
    """Which parts of the sweep were not read, and why."""
    _by_name: dict[str, int] = field(default_factory=dict, repr=False)
    _unseen: set[int] = field(default_factory=set, repr=False)
    _kept: dict[Callable[["Sweep"], Any], Any] = field(default_factory=dict, repr=False)
    _kept_as_of: tuple[int, int, Annotations] | None = field(default=None, repr=False)

    def kept(self, compute: Callable[["Sweep"], T]) -> T:
        """Return what a function computes from the runs, kept until one or its notes change.

        Args:
            compute: a function of a module. Nobody may change its result.
        """
        before, now = self._kept_as_of, (id(self.changes), len(self.changes), self.annotations)
        if before is None or before[:2] != now[:2] or before[2] is not now[2]:
            self._kept, self._kept_as_of = {}, now
        if compute not in self._kept:
            self._kept[compute] = compute(self)
        found: T = self._kept[compute]
        return found

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration as it was given."""
        config = self.description if self.is_legacy else self.description.get("config")
        return config if isinstance(config, dict) else {}

    @property
    def is_study(self) -> bool:
        """Whether a program asks for its runs and trains them."""
        return self.description.get("is_study") is True

    @property
    def optimization_metric(self) -> str | None:
        metric = self.config.get("optimization_metric")
        return metric if isinstance(metric, str) else None

    @property
    def optimization_goal(self) -> Goal | None:
        return _goal(self.config)

    @cached_property
    def aims(self) -> Aims:
        """The objectives and the constraints on outcomes, if there are several or any."""
        return aims_of(self.config)

    @property
    def seed(self) -> int | None:
        seed = self.description.get("seed")
        return seed if isinstance(seed, int) else None

    def refresh(self) -> set[int]:
        """Take in what is new in the journal, and return the indices of the runs that changed."""
        if self.is_legacy:
            return set()
        changed: set[int] = set()
        for place, events in enumerate(self._journal.parts()):
            if place == 0 and self._journal.was_reset:
                changed |= self._forget()
            changed |= self._take_in(events)
        self.trouble = self._journal.trouble
        if self.record.started_at is not None:
            self.started_at = self.record.started_at
        dead = self._notice_death()
        self.changes.extend(sorted(dead))
        return changed | dead

    def _forget(self) -> set[int]:
        """Start again, and return the indices of the runs that were known."""
        known = set(self.record.runs)
        self.record = SweepRecord(goal=self.optimization_goal, aims=self.aims)
        self.changes = []
        self._by_name.clear()
        self._unseen.clear()
        return known

    def _take_in(self, events: Iterable[Event]) -> set[int]:
        """Fold events in, and return the indices of the runs that changed."""
        changed: set[int] = set()
        for event in events:
            index = self.record.apply(event)
            self.changes.append(index)
            if index is not None:
                changed.add(index)
                name = self.record.runs[index].name
                if name is not None:
                    self._by_name[name] = index
        return changed

    def is_archived(self, run: RunRecord) -> bool:
        """Return whether a user took the run out of the results."""
        return self.annotations.run(run.index).is_archived

    def is_deleted(self, run: RunRecord) -> bool:
        """Return whether a user deleted the run, and it has not been started since."""
        deleted_at = self.annotations.run(run.index).deleted_at
        return deleted_at is not None and (run.started_at or 0.0) <= deleted_at

    @property
    def results(self) -> list[RunRecord]:
        """The runs that are neither archived nor deleted."""
        every = self.record.runs.values()
        if not self.annotations.runs:
            return list(every)
        return [run for run in every if not self.is_archived(run) and not self.is_deleted(run)]

    @property
    def best(self) -> RunRecord | None:
        """The best of the results, see `SweepRecord.best`."""
        return self.kept(_best)

    @property
    def best_that_counts(self) -> RunRecord | None:
        """The best result that counts, see `SweepRecord.best_that_counts`."""
        return self.kept(_best_that_counts)

    @property
    def front(self) -> Sequence[RunRecord]:
        """The front of the results, see `SweepRecord.front`."""
        return self.kept(_front) if self.aims.objectives else ()

    @property
    def counts(self) -> Mapping[RunState, int]:
        """How many runs are in each state, see `SweepRecord.counts`."""
        return self.kept(_counts)

    @property
    def has_submitted(self) -> bool:
        """Whether any run is running, or waits in the queue of its engine."""
        return any(self.counts.get(state) for state in SUBMITTED)

    def measure_front(self) -> FrontMeasure | None:
        """Return the hypervolume of the results over time, as `SweepRecord.measure_front`."""
        return self.record.measure_front(self.results)

    def run(self, name: str) -> RunRecord | None:
        """Return the run with this name (a file's stem), as of the attempt that has it, or None."""
        index = self._by_name.get(name)
        return None if index is None else self.record.runs[index].attempt_named(name)

    def dat_path(self, run: RunRecord) -> Path | None:
        return None if run.name is None else self.path / f"{run.name}{paths.DAT_SUFFIX}"

    def log_path(self, run: RunRecord) -> Path | None:
        return None if run.name is None else self.path / f"{run.name}{paths.LOG_SUFFIX}"

    def run_folder(self, run: RunRecord) -> Path | None:
        """Return the folder for a run's own files, which its attempts share. It need not exist."""
        latest = self.record.runs[run.index]
        names = [*latest.previous_names, *([latest.name] if latest.name is not None else [])]
        return self.path / f"{names[0]}{paths.RUN_FOLDER_SUFFIX}" if names else None

    @property
    def is_at_work(self) -> bool:
        """Whether an orchestrator is at work on it, as far as there is evidence."""
        return self.record.state not in ENDS and self._has_orchestrator()

    def _notice_death(self) -> set[int]:
        """If the orchestrator is gone, find from evidence which of its runs are still running."""
        if self.record.state in SWEEP_ENDS or self._has_orchestrator():
            return set()
        if self.record.state == "running":
            self.record.state = "lost"
            self.record.reason = "the orchestrator stopped unexpectedly"
        ended = [
            run
            for run in self.record.runs.values()
            if (run.state == "lost" and run.index in self._unseen)
            or (run.state == "running" and not self._is_alive(run))
        ]
        started = self._notice_starts()
        if not ended:
            return started
        records = read_processes(self.path / paths.PROCESSES_NAME)
        before = self._unseen
        for run in ended:
            end_unseen(run, records.get(run.name or "") or self._job_record(run))
            if run.index not in before:  # once: its log no longer changes
                self._read_best(run)
        # the record of a run's end may arrive a moment after the end
        self._unseen = {run.index for run in ended if run.state == "lost"}
        return started | {run.index for run in ended} - (before & self._unseen)

    def _notice_starts(self) -> set[int]:
        """Find runs that left the queue of their engine after their orchestrator was gone."""
        started = set()
        for run in self.record.runs.values():
            if run.state == "queued" and (record := self._job_record(run)) is not None:
                run.state, run.started_at, run.reason = "running", record.started_at, None
                started.add(run.index)
        return started

    def _job_record(self, run: RunRecord) -> ProcessRecord | None:
        """Return the record of the job that runs it, or None without a job that has started."""
        if run.ref is None or run.ref.executor == LOCAL or run.name is None:
            return None
        return read_processes(job_record_path(self.path, run)).get(run.name)

    def _read_best(self, run: RunRecord) -> None:
        """Read the best value from the log: the journal lacks it without an orchestrator."""
        dat_path = self.dat_path(run)
        if dat_path is not None and self.aims.metrics and not run.values:
            run.values = kept_values(dat_path, self.aims)
            run.is_feasible = self.aims.are_met(run.values)
        if dat_path is None or run.best_value is not None:
            return
        run.best_value, run.best_step = best_logged(
            dat_path, self.optimization_metric, self.optimization_goal
        )

    def _has_orchestrator(self) -> bool:
        is_elsewhere = self.record.host not in (None, os_files.host_name())
        held = is_held(self._journal.path)
        if held is False and is_elsewhere and is_on_network(self.path):
            # the locks of other machines may not be visible here, so it touches its journal
            return self._silent_for_s(self._journal.path) < _BEATS_WITHIN_S
        if held is False and is_copy(self._journal.path, self.record.file):
            return self._is_copied_while_it_runs(is_elsewhere)
        if held is not None:
            return held
        if is_elsewhere or self.record.host is None or self.record.pid is None:
            return True  # no evidence that it is gone
        return is_alive(self.record.pid, self.record.process_identity)

    def _is_copied_while_it_runs(self, is_elsewhere: bool) -> bool:
        """Return whether the journal is a growing copy: its lock proves nothing here."""
        if not is_elsewhere:
            return is_alive(self.record.pid, self.record.process_identity)
        logs = (self.dat_path(run) for run in self.record.runs.values() if run.state == "running")
        return seconds_untouched(self._journal.path, *filter(None, logs)) < _COPIED_WITHIN_S

    def _is_alive(self, run: RunRecord) -> bool:
        dat_path = self.dat_path(run)
        if dat_path is not None and is_held(dat_path):
            return True
        process = process_of(run.ref)
        if process is None:
            return run.ref is not None and self._is_job_alive(run)
        return self.record.host == os_files.host_name() and is_alive(*process)

    def _is_job_alive(self, run: RunRecord) -> bool:
        """Return whether there is no sign that a job is over. Its runner touches its record.

        On Ray the record here is a copy, which is silent while no orchestrator passes it on.
        """
        record = self._job_record(run)
        if record is None or run.ref is None:
            return True  # only its engine knows
        silent_s = self._silent_for_s(job_record_path(self.path, run))
        is_silent = run.ref.executor != "ray" and silent_s >= _JOB_SILENT_S
        return record.exit_code is None and not is_silent

    def _silent_for_s(self, path: Path) -> float:
        return silent_for_s(path, self.path)


def _best(sweep: Sweep) -> RunRecord | None:
    return best_run(filter(sweep.record.can_win, sweep.results), sweep.record.goal)


def _best_that_counts(sweep: Sweep) -> RunRecord | None:
    return best_that_counts(filter(sweep.record.can_win, sweep.results), sweep.record.goal)


def _front(sweep: Sweep) -> list[RunRecord]:
    return sweep.record.front_in(sweep.results)


def _counts(sweep: Sweep) -> dict[RunState, int]:
    return sweep.record.counts


def _goal(config: Mapping[str, Any]) -> Goal | None:
    goal = config.get("optimization_goal")
    return goal if goal in ("min", "max") else None


def open_sweep(identity: str, folder: Path) -> Sweep:
    """Return the sweep whose description is in a folder.

    Raises:
        DescriptionError: it cannot be read.
    """
    description, modified = read_description(folder / paths.DESCRIPTION_NAME)
    is_legacy = "config" not in description
    config = description if is_legacy else description["config"]
    config = config if isinstance(config, dict) else {}
    record = SweepRecord(goal=_goal(config), aims=aims_of(config))
    try:
        started_at = fields.time_of(description.get("created_at"))
    except (TypeError, ValueError, OverflowError):
        started_at = modified
    journal = JournalTail(folder / paths.JOURNAL_NAME)
    sweep = Sweep(
        identity,
        identity if identity != "." else printable_folder_name(folder.resolve()),
        folder,
        description,
        is_legacy,
        record,
        started_at,
        journal,
    )
    if is_legacy:
        _read_legacy_runs(sweep)
    return sweep


def _read_legacy_runs(sweep: Sweep) -> None:
    """Read the original tool's sweep: its `.dat` files belong, in order, to the sampled values."""
    sampled = sweep.description.get("sampled_hyperparameters")
    deadline = time.monotonic() + _LEGACY_S
    stems = sorted(path.stem for path in sweep.path.glob(f"*{paths.DAT_SUFFIX}"))
    for index, stem in enumerate(stems, start=1):
        hyperparameters = _entry(sampled, index - 1)
        run = RunRecord(index, hyperparameters, name=stem, state="finished")
        if time.monotonic() < deadline:
            run.best_value, run.best_step = best_logged(
                sweep.path / f"{stem}{paths.DAT_SUFFIX}",
                sweep.optimization_metric,
                sweep.optimization_goal,
            )
        elif sweep.trouble is None:
            sweep.trouble = f"the best values of {len(stems) - index + 1} runs were not read"
        sweep.record.runs[index] = run
        sweep._by_name[stem] = index
    sweep.record.state = "finished"


def _entry(sampled: object, position: int) -> dict[str, Any]:
    if not isinstance(sampled, list) or position >= len(sampled):
        return {}
    entry = sampled[position]
    return dict(entry) if isinstance(entry, dict) else {}


def best_logged(
    dat_path: Path, metric: str | None, goal: Goal | None
) -> tuple[float | None, int | None]:
    """Return the best value of a metric in a log and its step, or (None, None) if there is none."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError, read_run_log

    if metric is None or goal is None:
        return None, None
    try:
        series = read_run_log(dat_path).get(metric)
    except (OSError, LogFormatError):
        return None, None
    best = BestSoFar(goal)
    if series is not None:
        best.update(series.step.tolist(), series.value.tolist())
    return best.value, best.step


def printable_folder_name(folder: Path) -> str:
    return str(fields.printable(folder.name))
