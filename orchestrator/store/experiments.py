"""An experiment: a log in the log folder that belongs to no sweep, read from its file alone."""

import contextlib
import math
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.records import LogFormatError
from ml_tracking_ops.logger.server_clock import silent_for_s
from ml_tracking_ops.logger.system_metrics.sampler import system_path
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file
from ml_tracking_ops.logger.tensorboard.writers import has_writer

from .annotations import NO_ANNOTATIONS, NOTHING_SAID, Annotation, Annotations
from .endings import ending_of, log_trouble
from .files import fields
from .run_details import read_details, was_written_here
from .run_states import RunState

_SILENT_AFTER_S = 600.0
_GROWS_S = 10.0
_NO_END = "its event files are no longer written. They do not say how it ended"
_NOT_CLOSED = "its log was never closed and is no longer written"
_SILENT = "its log was never closed, and nothing has been written to it for ten minutes"
_UNKNOWN_EXIT = (
    "the script ended with `raise SystemExit`, which hides its exit code. With sys.exit(), or a "
    "logger that is closed, it is known"
)


class ExplainedState(NamedTuple):
    """The state of a run, and the evidence for it where that is not obvious."""

    state: RunState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run that belongs to no sweep. `id` is its folder, relative to the log folder."""

    id: str
    name: str
    dat_file: str
    started_at: float
    annotation: Annotation = NOTHING_SAID

    @property
    def dat_path(self) -> Path:
        """The path of its log. It is not kept: a `Path` takes as much memory as all the rest."""
        return Path(self.dat_file)

    @property
    def run_folder(self) -> Path:
        """The folder for its own files. It need not exist."""
        return self.dat_path.with_name(f"{annotation_key(self)}{paths.RUN_FOLDER_SUFFIX}")

    def state(self) -> RunState:
        """As `evidence` says."""
        return self.evidence().state

    def evidence(self) -> "ExplainedState":
        """The state of the run, read from its log.

        What the log says of its end counts first. A lock that is held proves a writer. One that is
        free proves that there is none, but only where the log was written on this machine and not
        copied here. Everything else counts as running until it has been silent for ten minutes.
        """
        try:
            ending = ending_of(self.dat_file)
        except (OSError, LogFormatError):
            return ExplainedState("lost", log_trouble(self.dat_path))
        if ending.is_legacy:
            return ExplainedState("finished")  # the original tool writes no end
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
        """A run that `ml-tracking-ops run` saw through has its exit code on record."""
        end = read_details(self.dat_path).end
        exit_code, stopped_by = end.get("exit_code"), end.get("stopped_by_hand")
        if isinstance(stopped_by, str):
            return ExplainedState("killed", f"stopped by hand ({stopped_by})")
        return ExplainedState(
            "failed", describe_exit(exit_code) if isinstance(exit_code, int) else None
        )

    @property
    def log_path(self) -> Path | None:
        """What it printed, if that was kept."""
        path = self.dat_path.with_suffix(paths.LOG_SUFFIX)
        return path if path.is_file() else None

    def _evidence_of_open_log(self) -> "ExplainedState":
        held = is_held(self.dat_path)
        if held:
            return ExplainedState("running")
        if held is False and was_written_here(self.dat_path):
            return ExplainedState("killed", _NOT_CLOSED)
        if self._silent_for_s() < _SILENT_AFTER_S:
            return ExplainedState("running")
        return ExplainedState("killed", _SILENT)

    def _evidence_of_event_files(self) -> "ExplainedState":
        """Event files hold no end: what counts is whether somebody still writes."""
        if self._is_written_to():
            return ExplainedState("running")
        return ExplainedState("finished", _NO_END)

    def _is_written_to(self) -> bool:
        """Whether event files grew recently, or have a writer, or may have one."""
        silent_s = self._silent_for_s()
        if silent_s < _GROWS_S:
            return True
        writes = has_writer(self.dat_path)
        return silent_s < _SILENT_AFTER_S if writes is None else writes

    def _silent_for_s(self) -> float:
        """Seconds since its log grew, or a sample of its system, by the file server's clock."""
        path = self.dat_file
        written = [Path(one) for one in (path, system_path(path)) if Path(one).exists()]
        return min((silent_for_s(one, one.parent) for one in written), default=math.inf)


def describe_exit(exit_code: int) -> str:
    """``exit code 3``, or the signal of a negative one."""
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
        created_at = ending_of(dat_file).created_at
    except (OSError, LogFormatError):
        created_at = None
    with contextlib.suppress(TypeError, ValueError):
        return fields.time_of(created_at)
    try:
        return os.stat(dat_file).st_mtime  # noqa: PTH116
    except OSError:
        return 0.0


def annotation_key(experiment: Experiment) -> str:
    """Under which key its folder's annotations are. Event files come and go, their key stays."""
    path = experiment.dat_path
    return "tensorboard" if is_event_file(path) else path.stem


def annotated(experiment: Experiment, annotations: Annotations) -> Experiment:
    if annotations is NO_ANNOTATIONS and experiment.annotation is NOTHING_SAID:
        return experiment
    annotation = annotations.run(annotation_key(experiment))
    known = experiment.annotation
    return experiment if known == annotation else replace(experiment, annotation=annotation)
