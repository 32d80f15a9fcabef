"""An experiment: a log in the log folder that belongs to no sweep, read from its file alone."""

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.records import LogFormatError
from ml_tracking_ops.logger.results.open_logs import (
    are_events_written,
    find_writer,
    log_silent_for_s,
)
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file

from .annotations import EMPTY_ANNOTATION, NO_ANNOTATIONS, Annotation, Annotations
from .endings import ending_of, last_ending_of, log_trouble
from .files import fields
from .run_details import read_details, was_written_here
from .run_states import RunState

_NO_END = "its event files are no longer written. They do not record how it ended"
_NOT_CLOSED = "its log was never closed and is no longer written"
_SILENT = "its log was never closed, and nothing has been written to it for ten minutes"
_UNKNOWN_EXIT = (
    "the script ended with `raise SystemExit`, which hides its exit code. With sys.exit(), or a "
    "logger that is closed, it is known"
)


class ExplainedState(NamedTuple):
    """The state of a run, and the evidence for it if that is not obvious."""

    state: RunState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run that belongs to no sweep. `id` is its folder, relative to the log folder."""

    id: str
    name: str
    dat_file: str
    started_at: float
    annotation: Annotation = EMPTY_ANNOTATION

    @property
    def dat_path(self) -> Path:
        """The path of its log. It is not kept: a `Path` takes as much memory as all the rest."""
        return Path(self.dat_file)

    @property
    def run_folder(self) -> Path:
        """The folder for its own files. It need not exist."""
        return self.dat_path.with_name(f"{annotation_key(self)}{paths.RUN_FOLDER_SUFFIX}")

    def state(self) -> RunState:
        """Return the state according to `evidence`."""
        return self.evidence().state

    def evidence(self) -> "ExplainedState":
        """Return the state of the run, read from its log.

        The end in the log counts first. Without one it is running while it has a writer: see
        `find_writer`.
        """
        try:
            ending = ending_of(self.dat_file)
        except (OSError, LogFormatError):
            return ExplainedState("lost", log_trouble(self.dat_path))
        if ending.is_legacy:
            return ExplainedState("finished")  # the original tool records no end
        if ending.exit_is_unknown:
            return ExplainedState("lost", _UNKNOWN_EXIT)
        if ending.is_event_log and (not ending.is_closed or self._is_written_to()):
            return self._evidence_of_event_files()
        if ending.is_closed:
            return (
                self._evidence_of_error() if ending.ended_with_error else ExplainedState("finished")
            )
        return self._evidence_of_open_log()

    def _evidence_of_error(self) -> "ExplainedState":
        """Return the state of a run with an exit code on record, from `ml-tracking-ops run`."""
        end = read_details(self.dat_path).end
        exit_code, stopped_by = end.get("exit_code"), end.get("stopped_by_hand")
        if isinstance(stopped_by, str):
            return ExplainedState("killed", f"stopped by hand ({stopped_by})")
        return ExplainedState(
            "failed", describe_exit(exit_code) if isinstance(exit_code, int) else None
        )

    @property
    def log_path(self) -> Path | None:
        """The file with its output, if that was kept."""
        path = self.dat_path.with_suffix(paths.LOG_SUFFIX)
        return path if path.is_file() else None

    def _evidence_of_open_log(self) -> "ExplainedState":
        writer = find_writer(self.dat_file, lambda: was_written_here(self.dat_path))
        if writer == "writing":
            return ExplainedState("running")
        return ExplainedState("killed", _NOT_CLOSED if writer == "gone" else _SILENT)

    def _evidence_of_event_files(self) -> "ExplainedState":
        """Return the state by event files, which record no end: they are written or not."""
        if self._is_written_to():
            return ExplainedState("running")
        return ExplainedState("finished", _NO_END)

    def _is_written_to(self) -> bool:
        return are_events_written(self.dat_path, log_silent_for_s(self.dat_file))


def describe_exit(exit_code: int) -> str:
    """Return ``exit code 3``, or the signal of a negative one."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return f"ended by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"ended by signal {-exit_code}"


def open_experiment(identity: str, dat_file: str) -> Experiment:
    return Experiment(identity, identity, dat_file, _started_at(dat_file))


def _started_at(dat_file: str) -> float:
    try:
        return fields.time_of(last_ending_of(dat_file).created_at)  # it never changes
    except (OSError, LogFormatError, TypeError, ValueError):
        return _modified_at(dat_file)


def _modified_at(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116
    except OSError:
        return 0.0


def annotation_key(experiment: Experiment) -> str:
    """Return the key of its annotations in the folder. Event files come and go, their key stays."""
    path = experiment.dat_path
    return "tensorboard" if is_event_file(path) else path.stem


def annotated(experiment: Experiment, annotations: Annotations) -> Experiment:
    if annotations is NO_ANNOTATIONS and experiment.annotation is EMPTY_ANNOTATION:
        return experiment
    annotation = annotations.run(annotation_key(experiment))
    known = experiment.annotation
    return experiment if known == annotation else replace(experiment, annotation=annotation)
