"""What lies in a log folder: its experiments and its sweeps, told from files alone."""

import contextlib
import errno
import json
import os
import platform
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.records import LogFormatError

from . import fields
from .annotations import (
    NO_ANNOTATIONS,
    NOTHING_SAID,
    Annotation,
    AnnotationFile,
    Annotations,
    read_annotations,
)
from .endings import ending_of
from .errors import NotInLogdirError, UsageError
from .journal import JournalTail, RunState, RunStatus, SweepState
from .objective import Best, Goal
from .process_records import ProcessRecord, read_processes, status_by_exit_code
from .supervision.process_table import process_identity

_DEEPEST = 6
_READ = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_DESCRIPTION_BYTES = 64 << 20
_SILENT_AFTER_S = 600.0


@dataclass(frozen=True)
class Experiment:
    """A run that belongs to no sweep. `id` is its folder, relative to the log folder."""

    id: str
    name: str
    dat_path: Path
    started_at: float
    annotation: Annotation = NOTHING_SAID

    def status(self) -> RunStatus:
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


@dataclass(eq=False)
class Sweep:
    """A folder that an `experiment_description.json` marks as a sweep."""

    id: str
    name: str
    path: Path
    description: Mapping[str, Any]
    is_legacy: bool
    state: SweepState
    started_at: float
    _journal: JournalTail = field(repr=False)
    annotations: Annotations = NO_ANNOTATIONS
    changes: list[int | None] = field(default_factory=list, repr=False)
    """The run that each change so far concerns, in order; a new list where the journal was
    replaced. Its length is a cursor: several readers can ask what came after theirs."""
    _by_name: dict[str, int] = field(default_factory=dict, repr=False)
    _unseen: set[int] = field(default_factory=set, repr=False)

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration as it was given."""
        config = self.description if self.is_legacy else self.description.get("config")
        return config if isinstance(config, dict) else {}

    @property
    def optimization_metric(self) -> str | None:
        metric = self.config.get("optimization_metric")
        return metric if isinstance(metric, str) else None

    @property
    def optimization_goal(self) -> Goal | None:
        return _goal(self.config)

    @property
    def seed(self) -> int | None:
        seed = self.description.get("seed")
        return seed if isinstance(seed, int) else None

    def refresh(self) -> set[int]:
        """Take in what is new in the journal; return the indices of the runs that changed."""
        if self.is_legacy:
            return set()
        events = self._journal.read()
        changed: set[int] = set()
        if self._journal.was_reset:
            changed = set(self.state.runs)
            self.state = SweepState(goal=self.optimization_goal)
            self.changes = []
            self._by_name.clear()
            self._unseen.clear()
        for event in events:
            index = self.state.apply(event)
            self.changes.append(index)
            if index is not None:
                changed.add(index)
                name = self.state.runs[index].name
                if name is not None:
                    self._by_name[name] = index
        if self.state.started_at is not None:
            self.started_at = self.state.started_at
        dead = self._notice_death()
        self.changes.extend(sorted(dead))
        return changed | dead

    def run(self, name: str) -> RunState | None:
        """The run of this name (a file's stem), if there is one."""
        index = self._by_name.get(name)
        return None if index is None else self.state.runs[index]

    def dat_path(self, run: RunState) -> Path | None:
        return None if run.name is None else self.path / f"{run.name}{paths.DAT_SUFFIX}"

    def log_path(self, run: RunState) -> Path | None:
        return None if run.name is None else self.path / f"{run.name}{paths.LOG_SUFFIX}"

    @property
    def is_at_work(self) -> bool:
        """Whether an orchestrator is at work on it, as far as there is evidence."""
        return self.state.status in ("running", "pending") and self._has_orchestrator()

    def _notice_death(self) -> set[int]:
        """Where the orchestrator is gone, tell from evidence which of its runs still go on."""
        if self.state.status not in ("running", "lost", "pending") or self._has_orchestrator():
            return set()
        if self.state.status == "running":
            self.state.status = "lost"
            self.state.reason = "the orchestrator ended without a word"
        ended = [
            run
            for run in self.state.runs.values()
            if (run.status == "lost" and run.index in self._unseen)
            or (run.status == "running" and not self._is_alive(run))
        ]
        if not ended:
            return set()
        records = read_processes(self.path / paths.PROCESSES_NAME)
        before = self._unseen
        for run in ended:
            _end_unseen(run, records.get(run.name or ""))
        # the record of a run's end may come a moment after the end
        self._unseen = {run.index for run in ended if run.status == "lost"}
        return {run.index for run in ended} - (before & self._unseen)

    def _has_orchestrator(self) -> bool:
        held = is_held(self._journal.path)
        if held is not None:
            return held
        if self.state.host != platform.node() or self.state.pid is None:
            return True  # no evidence that it is gone
        return process_identity(self.state.pid) is not None

    def _is_alive(self, run: RunState) -> bool:
        dat_path = self.dat_path(run)
        if dat_path is not None and is_held(dat_path):
            return True
        if run.pid is None or self.state.host != platform.node():
            return False
        return process_identity(run.pid) == run.process_identity is not None


def _end_unseen(run: RunState, record: ProcessRecord | None) -> None:
    """Tell the state of a run that ended after its orchestrator, from its exit code on record."""
    if record is None or record.exit_code is None:
        run.status, run.reason = "lost", "ended unseen, after its orchestrator"
        return
    run.exit_code, run.ended_at = record.exit_code, record.ended_at
    if run.stopped_by_hand:
        run.status, run.reason = "killed", run.stopped_by_hand
        return
    run.status = "early_stopped" if run.stopped_by else status_by_exit_code(record.exit_code)
    if run.status not in ("early_stopped", "finished"):
        run.reason = f"exit code {record.exit_code}"


class Catalog:
    """The experiments and sweeps of a log folder, newest first.

    Folders inside folders are searched too, to a depth of six; links are not followed. A
    folder with a description is a sweep, any other with a `.dat` in it holds experiments.
    """

    def __init__(self, logdir: Path) -> None:
        self.logdir = logdir
        self.experiments: dict[str, Experiment] = {}
        self.sweeps: dict[str, Sweep] = {}
        self._annotated: dict[str, AnnotationFile] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look again, and take in what is new in the journals."""
        experiments: dict[str, Experiment] = {}
        sweeps: dict[str, Sweep] = {}
        for identity, folder, names in _walk(os.fspath(self.logdir), "", 0):
            annotations = self._annotations(folder, names)
            if paths.DESCRIPTION_NAME in names:
                sweep = self.sweeps.get(identity) or _open_sweep(identity, Path(folder))
                if sweep is not None:
                    sweep.annotations = annotations
                    sweep.refresh()
                    sweeps[identity] = sweep
            else:
                for own, dat_path in _dat_files(identity, folder, names):
                    known = self.experiments.get(own)
                    if known is None or os.fspath(known.dat_path) != dat_path:
                        known = _open_experiment(own, Path(dat_path))
                    experiments[own] = _annotated(known, annotations)
        self.experiments = dict(
            sorted(experiments.items(), key=lambda item: (-item[1].started_at, item[0]))
        )
        self.sweeps = dict(sorted(sweeps.items(), key=lambda item: (-item[1].started_at, item[0])))

    def _annotations(self, folder: str, names: set[str]) -> Annotations:
        if paths.ANNOTATIONS_NAME not in names:
            self._annotated.pop(folder, None)
            return NO_ANNOTATIONS
        return self._annotated.setdefault(folder, AnnotationFile(Path(folder))).read()


def _annotated(experiment: Experiment, annotations: Annotations) -> Experiment:
    if annotations is NO_ANNOTATIONS and experiment.annotation is NOTHING_SAID:
        return experiment
    annotation = annotations.run(experiment.dat_path.stem)
    known = experiment.annotation
    return experiment if known == annotation else replace(experiment, annotation=annotation)


# Names as text: of a thousand folders most of the time would go into making `Path`s.
def _walk(folder: str, identity: str, depth: int) -> Iterator[tuple[str, str, set[str]]]:
    """Folders as seen from the first one, their paths, and the names of the files in them."""
    names: set[str] = set()
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    names.add(entry.name)
    except OSError:
        return
    yield identity or ".", folder, names
    if depth < _DEEPEST and paths.DESCRIPTION_NAME not in names:
        for name in folders:
            if not name.startswith("."):
                shown = fields.printable(name)  # an id can be sent, whatever the name's bytes
                inner = f"{identity}/{shown}" if identity else shown
                yield from _walk(os.path.join(folder, name), inner, depth + 1)  # noqa: PTH118


def _name(folder: Path) -> str:
    return str(fields.printable(folder.name))


def _dat_files(identity: str, folder: str, names: set[str]) -> Iterator[tuple[str, str]]:
    """The paths of the logs in a folder, each with the id of its experiment."""
    dats = sorted(
        name for name in names if name.endswith(paths.DAT_SUFFIX) and not name.startswith(".")
    )
    for name in dats:
        stem = fields.printable(name.removesuffix(paths.DAT_SUFFIX))
        is_alone = len(dats) == 1 and identity != "."
        own = identity if is_alone else f"{identity}/{stem}".removeprefix("./")
        yield own, os.path.join(folder, name)  # noqa: PTH118


def _open_experiment(identity: str, dat_path: Path) -> Experiment:
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


def _goal(config: Mapping[str, Any]) -> Goal | None:
    goal = config.get("optimization_goal")
    return goal if goal in ("min", "max") else None


def _read_description(path: Path) -> tuple[bytes, float]:
    """Its bytes and when it was changed, of the very file that was opened.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    fd = os.open(path, _READ)
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        return file.read(_DESCRIPTION_BYTES), status.st_mtime


def _open_sweep(identity: str, folder: Path) -> Sweep | None:
    path = folder / paths.DESCRIPTION_NAME
    try:
        text, modified = _read_description(path)
        description = fields.printable(json.loads(text))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(description, dict):
        return None
    is_legacy = "config" not in description
    config = description if is_legacy else description["config"]
    state = SweepState(goal=_goal(config) if isinstance(config, dict) else None)
    try:
        started_at = fields.time_of(description.get("created_at"))
    except (TypeError, ValueError, OverflowError):
        started_at = modified
    journal = JournalTail(folder / paths.JOURNAL_NAME)
    sweep = Sweep(
        identity, identity if identity != "." else _name(folder.resolve()), folder, description,
        is_legacy, state, started_at, journal,
    )  # fmt: skip
    if is_legacy:
        _read_legacy_runs(sweep)
    return sweep


def _read_legacy_runs(sweep: Sweep) -> None:
    """The original tool's sweep: its `.dat` files belong, in order, to the sampled values."""
    sampled = sweep.description.get("sampled_hyperparameters")
    stems = sorted(path.stem for path in sweep.path.glob(f"*{paths.DAT_SUFFIX}"))
    for index, stem in enumerate(stems, start=1):
        hyperparameters = _entry(sampled, index - 1)
        run = RunState(index, hyperparameters, name=stem, status="finished")
        run.best_value, run.best_step = best_of(
            sweep.path / f"{stem}{paths.DAT_SUFFIX}",
            sweep.optimization_metric, sweep.optimization_goal,
        )  # fmt: skip
        sweep.state.runs[index] = run
        sweep._by_name[stem] = index
    sweep.state.status = "finished"


def _entry(sampled: object, position: int) -> dict[str, Any]:
    if not isinstance(sampled, list) or position >= len(sampled):
        return {}
    entry = sampled[position]
    return dict(entry) if isinstance(entry, dict) else {}


def best_of(
    dat_path: Path, metric: str | None, goal: Goal | None
) -> tuple[float | None, int | None]:
    """The best value of a metric in a log and its step; (None, None) where there is none."""
    from ml_tracking_ops.logger.reader import LogFormatError, read_log

    if metric is None or goal is None:
        return None, None
    try:
        series = read_log(dat_path, follow_link=False).get(metric)
    except (OSError, LogFormatError):
        return None, None
    best = Best(goal)
    if series is not None:
        best.update(series.step.tolist(), series.value.tolist())
    return best.value, best.step


@dataclass(frozen=True)
class FoundRun:
    """One run of a sweep, with the sweep it belongs to."""

    sweep: Sweep
    run: RunState


def find(path: str, logdir: Path) -> Experiment | Sweep | FoundRun:
    """What a user means by `path`: a folder, a `.dat`, or a name in `logdir`.

    Raises:
        NotInLogdirError: nothing of that name is there.
    """
    candidates = [Path(path), logdir / path, logdir / f"{path}{paths.DAT_SUFFIX}"]
    for candidate in candidates:
        found: Experiment | Sweep | FoundRun | None
        if candidate.is_symlink():  # whoever names a link means what it leads to
            candidate = candidate.resolve()
        if candidate.is_dir():
            found = _find_in_folder(candidate)
        elif candidate.is_file() and candidate.suffix == paths.DAT_SUFFIX:
            found = _find_file(candidate)
        else:
            continue
        if found is not None:
            return found
    known = Catalog(logdir)
    names = [*known.sweeps, *known.experiments]
    close = [name for name in names if path.strip("/").split("/")[-1] in name]
    raise NotInLogdirError(path, logdir, close[:3])


def _find_in_folder(folder: Path) -> Experiment | Sweep | None:
    names = {entry.name for entry in folder.iterdir()}
    if paths.DESCRIPTION_NAME in names:
        sweep = _open_sweep(".", folder)
        if sweep is not None:
            sweep.annotations = read_annotations(folder)
            sweep.refresh()
        return sweep
    logs = list(_dat_files(_name(folder.resolve()), os.fspath(folder), names))
    if len(logs) > 1:
        found = ", ".join(Path(path).name for _, path in logs[:5])
        raise UsageError(f"{folder} holds {len(logs)} logs; name one of them: {found}")
    if not logs:
        return None
    identity, dat_path = logs[0]
    return _annotated(_open_experiment(identity, Path(dat_path)), read_annotations(folder))


def _find_file(path: Path) -> Experiment | FoundRun:
    if (path.parent / paths.DESCRIPTION_NAME).is_file():
        sweep = _open_sweep(".", path.parent)
        if sweep is not None:
            sweep.annotations = read_annotations(path.parent)
            sweep.refresh()
            run = sweep.run(path.stem)
            if run is not None:
                return FoundRun(sweep, run)
    return _annotated(_open_experiment(path.stem, path), read_annotations(path.parent))
