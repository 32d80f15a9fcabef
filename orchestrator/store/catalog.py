"""The experiments and sweeps of a log folder, read from files alone."""

import contextlib
import errno
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.reading.bounded_reading import given_up, meanwhile
from ml_tracking_ops.logger.tensorboard.event_names import event_files_in_order, is_event_file

from ..errors import DescriptionError, NotInLogdirError, UnreadError, UsageError, nearest
from .annotations import NO_ANNOTATIONS, Annotations, annotation_file, read_annotations
from .endings import KnownLogs
from .experiments import Experiment, annotated, open_experiment
from .files import fields
from .files.folder_walk import FolderWalk, Listing, Listings, SkippedFolder
from .files.identities import FileValue
from .run_record import RunRecord
from .sweep_folder import Sweep, open_sweep, printable_folder_name

_Item = TypeVar("_Item", Experiment, Sweep)
_EVENTS = "tensorboard"
"""The name for event files in a folder that holds other logs too."""
_FOLDERS_A_TURN = 32


class Catalog:
    """The experiments and sweeps of a log folder, newest first.

    Folders inside folders are searched too, to a depth of six. Links to folders are followed once.
    Links to files are not. A folder with a description is a sweep, any other with a log in it holds
    experiments. A `.dat` that is no log is left out. The event files of TensorBoard in a folder are
    one experiment. The latest of them is the log's path.

    Args:
        most_gone: how many deleted folders are remembered, in addition to four for each other.

    Attributes:
        unreadable: folders that cannot be shown, or not whole, and why.
        skipped: folders that were not searched.
    """

    def __init__(
        self,
        logdir: Path,
        new_walk: Callable[[], FolderWalk] = FolderWalk,
        most_gone: int = 1_000,
    ) -> None:
        self.logdir = logdir
        self._new_walk = new_walk
        self._most_gone = most_gone
        self.experiments: dict[str, Experiment] = {}
        self.sweeps: dict[str, Sweep] = {}
        self.unreadable: list[DescriptionError | UnreadError] = []
        self.skipped: list[SkippedFolder] = []
        self._annotated: dict[str, FileValue[Annotations]] = {}
        self._opened: dict[str, Sweep] = {}
        self._logs = KnownLogs()
        self._listings = Listings()
        self._taken: dict[str, _Taken] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look again, and take in what is new in the journals.

        An error in one folder is reported in `unreadable`. The others are still read.
        """
        found, walk = _Found(), self._new_walk()
        walk.listings = self._listings
        n_folders = 0
        for identity, folder, listing in walk.folders(os.fspath(self.logdir)):
            n_folders += 1
            if n_folders % _FOLDERS_A_TURN == 0:
                meanwhile()
            taken = self._taken.get(folder)
            if taken is not None and taken.listing is listing:
                found.experiments.update(taken.experiments)
                continue
            try:
                self._take_in(found, identity, folder, listing)
            except DescriptionError as error:
                found.unreadable.append(error)
            except Exception as error:  # noqa: BLE001 - a stranger's folder, and the error is shown
                what = f"it cannot be shown: {type(error).__name__}: {error}"
                found.unreadable.append(UnreadError(Path(folder), what))
        if len(self._listings) + len(self._taken) > 4 * n_folders + self._most_gone:
            self._listings, self._taken = Listings(), {}  # most belong to deleted folders
        self.unreadable = [*found.unreadable, *_given_up_below(self.logdir)]
        self.skipped = walk.skipped
        if found.has_new or len(found.experiments) != len(self.experiments):
            self.experiments = _newest_first(found.experiments)
        self.sweeps = _newest_first(found.sweeps)
        self._opened = dict(found.sweeps)

    def _take_in(self, found: "_Found", identity: str, folder: str, listing: Listing) -> None:
        names = listing.names
        self._taken.pop(folder, None)
        annotations = self._annotations(folder, names)
        if paths.DESCRIPTION_NAME in names:
            sweep = self._opened.get(identity) or open_sweep(identity, Path(folder))
            self._opened[identity] = sweep  # kept, in case a client goes before the refresh is over
            sweep.annotations = annotations
            sweep.refresh()
            found.sweeps[identity] = sweep
            if sweep.trouble is not None:
                found.unreadable.append(UnreadError(sweep.path, sweep.trouble))
            return
        taken: list[tuple[str, Experiment]] = []
        files = _run_logs(folder, names)
        for own, dat_path in _logs_in(identity, folder, names, files, self._logs):
            known = self.experiments.get(own)
            if known is None or known.dat_file != dat_path:
                known = open_experiment(own, dat_path)
            experiment = annotated(known, annotations)
            found.has_new |= experiment is not self.experiments.get(own)
            found.experiments[own] = experiment
            taken.append((own, experiment))
        if annotations is NO_ANNOTATIONS and self._logs.are_certain(files.values()):
            self._taken[folder] = _Taken(listing, tuple(taken))

    def _annotations(self, folder: str, names: Collection[str]) -> Annotations:
        if paths.ANNOTATIONS_NAME not in names:
            self._annotated.pop(folder, None)
            return NO_ANNOTATIONS
        return self._annotated.setdefault(folder, annotation_file(Path(folder))).read()


@dataclass(frozen=True, slots=True)
class _Taken:
    """The experiments of a folder, and the listing they were read with."""

    listing: Listing
    experiments: tuple[tuple[str, Experiment], ...]


@dataclass
class _Found:
    """The result of one look at a log folder. `has_new`: an experiment that is new or changed."""

    has_new: bool = False
    experiments: dict[str, Experiment] = field(default_factory=dict)
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    unreadable: list[DescriptionError | UnreadError] = field(default_factory=list)


def _given_up_below(logdir: Path) -> list[UnreadError]:
    """Return the logs that are shown in part because they are too long."""
    found = ((Path(path), why) for path, why in given_up().items())
    return [
        UnreadError(path, f"it {why}")
        for path, why in found
        if _is_log_name(path.name) and path.is_relative_to(logdir)
    ]


def _is_log_name(name: str) -> bool:
    return paths.is_run_log(name) or is_event_file(name)


def _newest_first(found: dict[str, _Item]) -> dict[str, _Item]:
    return dict(sorted(found.items(), key=lambda item: (-item[1].started_at, item[0])))


def _run_logs(folder: str, names: Iterable[str]) -> dict[str, str]:
    """Return name and path of the files that may be logs of runs."""
    return {name: os.path.join(folder, name) for name in filter(paths.is_run_log, names)}  # noqa: PTH118


def _logs_in(
    identity: str,
    folder: str,
    names: Collection[str],
    files: Mapping[str, str],
    known: KnownLogs,
) -> Iterator[tuple[str, str]]:
    """Yield the paths of the logs in a folder, each with the id of its experiment.

    Args:
        files: name and path of those that may be logs.
    """
    logs = [one for one in sorted(files.items()) if one[0][0] != "." and known.is_log(one[1])]
    events = event_files_in_order(names)
    if events:
        top = Path(os.path.abspath(folder)).name  # noqa: PTH100
        alone = fields.printable(top) if identity == "." else identity
        own = f"{identity}/{_EVENTS}".removeprefix("./") if logs else alone
        yield own, os.path.join(folder, events[-1])  # noqa: PTH118
    for name, path in logs:
        stem = fields.printable(name.removesuffix(paths.DAT_SUFFIX))
        is_alone = len(logs) == 1 and identity != "."
        own = identity if is_alone else f"{identity}/{stem}".removeprefix("./")
        yield own, path


@dataclass(frozen=True)
class FoundRun:
    """One run of a sweep, with the sweep it belongs to."""

    sweep: Sweep
    run: RunRecord


def find_run_by_number(sweep: Sweep, index: int) -> FoundRun:
    """Return a run of a sweep, by its number.

    Raises:
        UsageError: there is none of this number.
    """
    run = sweep.record.runs.get(index)
    if run is None:
        raise UsageError(
            f"{sweep.name} has no run {index}. It has {len(sweep.record.runs)} "
            f"(see: ml-tracking-ops show {sweep.name})"
        )
    return FoundRun(sweep, run)


def find_item(path: str, logdir: Path) -> Experiment | Sweep | FoundRun:
    """Find what a user means by `path`: a folder, a `.dat`, or a name in `logdir`.

    A name is that of a sweep, an experiment or a run, one that a user gave, or a sweep's with the
    number of a run: `SWEEP 9`, `SWEEP/9` or `run 9 of SWEEP`.

    Raises:
        NotInLogdirError: nothing of that name is there.
        DescriptionError: it is a sweep whose description cannot be read.
    """
    path = os.path.expanduser(path)  # noqa: PTH111  (never fails)
    candidates = [Path(path), logdir / path, logdir / f"{path}{paths.DAT_SUFFIX}"]
    for candidate in candidates:
        try:
            found = _find_at(candidate)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                continue  # nothing has that name
            raise UsageError(f"{error.filename or candidate}: {error.strerror}") from None
        if found is not None:
            return found
    known = Catalog(logdir)
    named = _find_by_name(path.strip("/"), known)
    if named is not None:
        return named
    names = [*known.sweeps, *known.experiments]
    close = [name for name in names if path.strip("/").split("/")[-1] in name]
    alike = nearest(path.strip("/"), names)
    raise NotInLogdirError(path, logdir, close[:3] or ([alike] if alike is not None else ()))


_Named = Experiment | Sweep | FoundRun
_NUMBERED = re.compile(
    r"(?:run )?(?P<run>\d+) of (?P<sweep>.+)|(?P<other>.+?)[ /#](?:run )?(?P<number>\d+)"
)


def _find_by_name(name: str, known: Catalog) -> _Named | None:
    """Find what has this name in a log folder, given by the product or by a user."""
    found = known.sweeps.get(name) or known.experiments.get(name) or _run_of_name(name, known)
    if found is not None:
        return found
    labelled = list(_labelled(name, known))
    if len(labelled) > 1:
        raise UsageError(f"{name}: {len(labelled)} items have this name. Use the name of a folder")
    if labelled:
        return labelled[0]
    numbered = _NUMBERED.fullmatch(name)
    if numbered is None:
        return None
    sweep = _find_by_name(numbered["sweep"] or numbered["other"], known)
    index = int(numbered["run"] or numbered["number"])
    return find_run_by_number(sweep, index) if isinstance(sweep, Sweep) else None


def _run_of_name(name: str, known: Catalog) -> FoundRun | None:
    stem = name.rpartition("/")[2].removesuffix(paths.DAT_SUFFIX)
    for sweep in known.sweeps.values():
        run = sweep.run(stem)
        if run is not None:
            return FoundRun(sweep, run)
    return None


def _labelled(name: str, known: Catalog) -> Iterator[_Named]:
    """Yield what a user has given this name."""
    for sweep in known.sweeps.values():
        if sweep.annotations.own.name == name:
            yield sweep
        for run in sweep.record.runs.values():
            if sweep.annotations.run(run.index).name == name:
                yield FoundRun(sweep, run)
    for experiment in known.experiments.values():
        if experiment.annotation.name == name:
            yield experiment


def _find_at(path: Path) -> Experiment | Sweep | FoundRun | None:
    if path.is_symlink():  # a link represents its target
        path = Path(os.path.realpath(path))
    if path.is_dir():
        return _find_in_folder(path)
    if path.is_file() and path.suffix == paths.DAT_SUFFIX:
        return _find_file(path)
    if path.is_file() and is_event_file(path):
        return annotated(
            open_experiment(path.parent.name, os.fspath(path)), read_annotations(path.parent)
        )
    return None


def _find_in_folder(folder: Path) -> Experiment | Sweep | None:
    names = {entry.name for entry in folder.iterdir()}
    if paths.DESCRIPTION_NAME in names:
        sweep = open_sweep(".", folder)
        sweep.annotations = read_annotations(folder)
        sweep.refresh()
        return sweep
    identity = printable_folder_name(folder.resolve())
    files = _run_logs(os.fspath(folder), names)
    logs = list(_logs_in(identity, os.fspath(folder), names, files, KnownLogs()))
    if len(logs) > 1:
        found = ", ".join(Path(path).name for _, path in logs[:5])
        raise UsageError(f"{folder} holds {len(logs)} logs. Name one of them: {found}")
    if not logs:
        return None
    identity, dat_path = logs[0]
    return annotated(open_experiment(identity, dat_path), read_annotations(folder))


def _find_file(path: Path) -> Experiment | FoundRun:
    if (path.parent / paths.DESCRIPTION_NAME).is_file():
        with contextlib.suppress(DescriptionError):  # the log itself can still be read
            sweep = open_sweep(".", path.parent)
            sweep.annotations = read_annotations(path.parent)
            sweep.refresh()
            run = sweep.run(path.stem)
            if run is not None:
                return FoundRun(sweep, run)
    return annotated(open_experiment(path.stem, os.fspath(path)), read_annotations(path.parent))
