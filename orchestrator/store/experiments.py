"""An experiment: a log in the log folder that belongs to no sweep, told from its file alone."""

import contextlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.records import LogFormatError

from . import fields
from .annotations import NO_ANNOTATIONS, NOTHING_SAID, Annotation, Annotations
from .endings import ending_of
from .run_states import RunState

_SILENT_AFTER_S = 600.0


@dataclass(frozen=True)
class Experiment:
    """A run that belongs to no sweep. `id` is its folder, relative to the log folder."""

    id: str
    name: str
    dat_path: Path
    started_at: float
    annotation: Annotation = NOTHING_SAID

    def state(self) -> RunState:
        """From evidence: a writer holds the log's lock, or the log says how it ended.

        Where no lock can be asked for (other systems, some network file systems), a log that
        was not closed counts as running until it has been silent for ten minutes. A log of the
        original tool, which holds no such record, counts as finished.
        """
        held = is_held(self.dat_path)
        if held:
            return "running"
        try:
            ending = ending_of(self.dat_path)
        except (OSError, LogFormatError):
            return "lost"
        if ending.is_legacy:
            return "finished"
        if ending.is_closed:
            return "failed" if ending.ended_with_error else "finished"
        if held is None and time.time() - self._last_change() < _SILENT_AFTER_S:
            return "running"
        return "killed"

    def _last_change(self) -> float:
        try:
            return self.dat_path.stat().st_mtime
        except OSError:
            return 0.0


def open_experiment(identity: str, dat_path: Path) -> Experiment:
    return Experiment(identity, identity, dat_path, _started_at(dat_path))


def _started_at(dat_path: Path) -> float:
    try:
        created_at = ending_of(dat_path).created_at
    except (OSError, LogFormatError):
        created_at = None
    with contextlib.suppress(TypeError, ValueError):
        return fields.time_of(created_at)
    try:
        return dat_path.stat().st_mtime
    except OSError:
        return 0.0


def annotated(experiment: Experiment, annotations: Annotations) -> Experiment:
    if annotations is NO_ANNOTATIONS and experiment.annotation is NOTHING_SAID:
        return experiment
    annotation = annotations.run(experiment.dat_path.stem)
    known = experiment.annotation
    return experiment if known == annotation else replace(experiment, annotation=annotation)
