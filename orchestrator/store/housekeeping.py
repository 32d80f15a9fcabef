"""Archiving and deleting what lies in a log folder; never anything that still runs.

Deleting renames first, to a hidden name beside it, so that a crash in between leaves nothing half
shown; what such a crash left is removed by the next delete. All of it works through open folders:
no link is followed, and what is put in the place of a folder meanwhile is not touched.
"""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.guarded import open_guarded
from ml_tracking_ops.logger.locks import hold_exclusive

from ..errors import SweepError, UsageError
from .annotations import NOTHING_SAID, annotate, edit
from .experiments import Experiment
from .files.open_folder import OpenFolder, opened_folder
from .sweep_folder import Sweep

Item = Experiment | Sweep
_Identity = tuple[int, int]

_HIDDEN = ".deleted-"
_IS_HIDDEN = re.compile(r"\.deleted-[0-9a-f]{8}-.").match
_LONGEST_HIDDEN = 200
_MARK = ".deleted-by-its-owner"


class NotOursError(PermissionError):
    """A folder belongs to another user."""


def archive(item: Item, *, is_archived: bool = True) -> None:
    """Let something leave the lists, or come back to them.

    Raises:
        UsageError: it still runs, or its folder cannot be written.
    """
    if is_archived:
        refuse_if_running(item, "archived")
    folder, key = place_of(item)
    annotate(folder, key, archived_at=round(time.time(), 3) if is_archived else None)


def place_of(item: Item) -> tuple[Path, str | None]:
    """The folder of something, and the key of its annotations there."""
    if isinstance(item, Sweep):
        return item.path, None
    return item.dat_path.parent, item.dat_path.stem


def refuse_if_running(item: Item, what: str) -> None:
    """Raises: UsageError, where something may still be written."""
    if isinstance(item, Experiment):
        if item.state() == "running":
            raise UsageError(f"{item.name} is running; it can be {what} when it has ended")
        return
    item.refresh()
    if item.is_at_work:
        raise UsageError(
            f"{item.name} is running; stop it before it can be {what}: "
            f"ml-tracking-ops stop {item.path}"
        )
    alive = [str(run.index) for run in item.record.runs.values() if run.state == "running"]
    if alive:
        raise UsageError(
            f"{item.name}: runs that outlived its orchestrator still go on "
            f"({', '.join(alive[:5])}); it can be {what} when they have ended"
        )


@dataclass(frozen=True)
class Doomed:
    """What deleting something removes: a whole folder, or some files of one.

    Attributes:
        identity: device and inode of the folder that was looked at.
    """

    item: Item
    folder: Path | None
    files: tuple[Path, ...]
    size_bytes: int
    n_files: int
    identity: _Identity


def look_before_delete(item: Item, logdir: Path) -> Doomed:
    """What deleting would remove.

    Raises:
        UsageError: it still runs, or it is not in the log folder, or behind a link.
    """
    refuse_if_running(item, "deleted")
    folder, key = place_of(item)
    _refuse_elsewhere(folder, logdir, must_be_below=isinstance(item, Sweep))
    try:
        identity = _identity(folder.stat())
        is_whole = isinstance(item, Sweep) or _is_alone(item, logdir)
        if is_whole:
            found = list(_files_below(folder))
        else:
            suffixes = paths.RUN_SUFFIXES
            found = [path for suffix in suffixes if _is_file(path := folder / f"{key}{suffix}")]
        size_bytes = sum(path.lstat().st_size for path in found)
    except FileNotFoundError as error:
        raise UsageError(f"{error.filename} has gone meanwhile; look again") from None
    files = () if is_whole else tuple(found)
    return Doomed(item, folder if is_whole else None, files, size_bytes, len(found), identity)


def delete(item: Item, logdir: Path) -> Doomed:
    """Remove something for good.

    Raises:
        UsageError: as `look_before_delete`.
        SweepError: it cannot be removed.
    """
    doomed = look_before_delete(item, logdir)
    try:
        with _claimed(item):
            if doomed.folder is not None:
                _remove_folder(doomed.folder, doomed.identity)
            else:
                _remove_files(item, doomed)
    except OSError as error:
        raise SweepError(f"{item.name} cannot be deleted: {error}") from error
    return doomed


def _remove_folder(folder: Path, identity: _Identity) -> None:
    hidden = f"{_HIDDEN}{secrets.token_hex(4)}-{folder.name}"[:_LONGEST_HIDDEN]
    with opened_folder(folder.parent) as parent:
        with parent.inner(folder.name) as doomed:
            _require_same(doomed, identity)
            with contextlib.suppress(OSError):  # a full disk: then no later delete finds it
                doomed.write(_MARK, "")
        parent.rename(folder.name, hidden)
        if _identity(parent.look(hidden)) != identity:
            parent.rename(hidden, folder.name)
            raise OSError(f"something else was put in the place of {folder}")
        parent.remove_tree(hidden)
        for name in filter(_IS_HIDDEN, parent.names()):
            _remove_left(parent, name)


def _remove_left(parent: OpenFolder, name: str) -> None:
    """Remove what an earlier delete had renamed: the mark in it says that it was this user's."""
    with contextlib.suppress(OSError, NotOursError):
        with parent.inner(name) as left:
            left.look(_MARK)
            _require_ours(left.status())
        parent.remove_tree(name)


def _require_same(folder: OpenFolder, identity: _Identity) -> None:
    found = folder.status()
    if _identity(found) != identity:
        raise OSError(f"something else was put in the place of {folder.path}")
    _require_ours(found)


def _require_ours(status: os.stat_result) -> None:
    """Root may delete what others own; nobody else does."""
    if os_files.user_id() not in (None, 0, status.st_uid):
        raise NotOursError("it belongs to another user")


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _remove_files(item: Item, doomed: Doomed) -> None:
    """The log first: with it the experiment leaves the lists."""
    folder, key = place_of(item)
    with opened_folder(folder) as opened:
        _require_same(opened, doomed.identity)
        for path in doomed.files:
            with contextlib.suppress(FileNotFoundError):
                opened.unlink(path.name)
        has_annotations = paths.ANNOTATIONS_NAME in opened.names()
    if has_annotations:
        edit(folder, key, lambda _: NOTHING_SAID)


@contextlib.contextmanager
def _claimed(item: Item) -> Iterator[None]:
    """Keep orchestrators off a sweep while it is deleted.

    Raises:
        UsageError: one has just begun to work on it.
    """
    if not isinstance(item, Sweep) or not os_files.HAS_BYTE_LOCKS:
        yield
        return
    fd = open_guarded(item.path / paths.JOURNAL_NAME, os.O_RDWR)
    try:
        if hold_exclusive(fd) is False:
            raise UsageError(f"{item.name} is running; stop it first")
        yield
    finally:
        os.close(fd)


def _refuse_elsewhere(folder: Path, logdir: Path, *, must_be_below: bool) -> None:
    """Only what lies in the log folder, on a way without links, is there to be deleted."""
    inside, top = _absolute(folder), _absolute(logdir)
    if not inside.is_relative_to(top) or (must_be_below and inside == top):
        raise UsageError(
            f"{folder} does not lie in the log folder {logdir}; name the folder that "
            "it lies in with --logdir"
        )
    way = inside
    while way != top:
        if way.is_symlink():
            raise UsageError(f"{way} is a link; what it leads to is not deleted from here")
        way = way.parent


def _is_alone(experiment: Experiment, logdir: Path) -> bool:
    """Whether an experiment's folder is the one that its logger made, with nothing else below.

    In any other folder, the log's own files alone are ours.
    """
    folder = experiment.dat_path.parent
    is_made_for_it = folder.name.startswith(experiment.dat_path.stem)
    if not is_made_for_it or _absolute(folder) == _absolute(logdir):
        return False
    others = (
        path
        for path in _files_below(folder)
        if path.suffix == paths.DAT_SUFFIX or path.name == paths.DESCRIPTION_NAME
    )
    return all(path == experiment.dat_path for path in others)


def _absolute(path: Path) -> Path:
    """Where a path leads, with its links as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)


def _is_file(path: Path) -> bool:
    return path.is_file() or path.is_symlink()
