"""Archive and delete the content of a log folder, never anything that still runs.

Only what our processes wrote is removed. Other files stay, unless the user asks for them too.

Deleting first renames to a hidden name in the same folder, so that a crash in between leaves no
partial item visible. What such a crash left is removed by the next delete. All of it works through
open folders: no link is followed, and what is put in the place of a folder meanwhile is not
touched.
"""

import contextlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.guarded import open_guarded
from ml_tracking_ops.logger.locks import hold_exclusive
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file

from ...errors import SweepError, UsageError
from ..annotations import EMPTY_ANNOTATION, annotate, edit
from ..endings import KnownLogs
from ..experiments import Experiment, annotation_key
from ..files.identities import identity_of
from ..files.open_folder import OpenFolder, opened_folder
from ..run_states import SUBMITTED
from ..sweep_folder import Sweep
from .our_files import files_of_others, is_our_file

Item = Experiment | Sweep

_HIDDEN = ".deleted-"
_IS_HIDDEN = re.compile(r"\.deleted-[0-9a-f]{8}-.").match
_LONGEST_HIDDEN_BYTES = 200
_MARK = ".deleted-by-its-owner"


class NotOursError(PermissionError):
    """A folder belongs to another user."""


def archive(item: Item, *, is_archived: bool = True) -> None:
    """Hide something from the lists, or show it again.

    Raises:
        UsageError: it still runs, or its folder cannot be written.
    """
    if is_archived:
        refuse_if_running(item, "archived")
    folder, key = place_of(item)
    annotate(folder, key, archived_at=round(time.time(), 3) if is_archived else None)


def place_of(item: Item) -> tuple[Path, str | None]:
    """Return the folder of something, and the key of its annotations there."""
    if isinstance(item, Sweep):
        return item.path, None
    return item.dat_path.parent, annotation_key(item)


def refuse_if_running(item: Item, what: str) -> None:
    """Raise if something may still be written.

    Raises:
        UsageError: it may."""
    if isinstance(item, Experiment):
        if item.state() == "running":
            raise UsageError(f"{item.name} is running. It can be {what} when it has ended")
        return
    item.refresh()
    if item.is_at_work:
        raise UsageError(
            f"{item.name} is running. Stop it before it can be {what}: "
            f"ml-tracking-ops stop {item.path}"
        )
    alive = [str(run.index) for run in item.record.runs.values() if run.state in SUBMITTED]
    if alive:
        raise UsageError(
            f"{item.name}: runs that outlived its orchestrator are still running "
            f"({', '.join(alive[:5])}). It can be {what} when they have ended"
        )


@dataclass(frozen=True)
class DeletionPlan:
    """What deleting something removes, and what it keeps.

    Attributes:
        folder: the item's.
        is_whole: the folder is deleted with all its content.
        names: the files and folders directly in it that are deleted, if not all are.
        others: files below it that our processes did not write, relative to it.
        size_bytes: of what is deleted, as n_files.
        file: device and inode of the folder that was examined.
    """

    item: Item
    folder: Path
    is_whole: bool
    names: tuple[str, ...]
    others: tuple[str, ...]
    size_bytes: int
    n_files: int
    file: tuple[int, int]


def plan_deletion(item: Item, logdir: Path, *, with_others: bool = False) -> DeletionPlan:
    """Return what deleting would remove: what our processes wrote, and no other file.

    Args:
        with_others: remove the other files in a folder that was made for the item too.

    Raises:
        UsageError: it still runs, another tool wrote it, or it is not in the log folder, or
            behind a link.
    """
    if isinstance(item, Experiment) and is_event_file(item.dat_path):
        raise UsageError(
            f"{item.name} was written by another tool (TensorBoard's event files), so it is not "
            f"deleted from here. Archive it, or remove {item.dat_path.parent} yourself"
        )
    refuse_if_running(item, "deleted")
    folder, _ = place_of(item)
    refuse_elsewhere(folder, logdir, must_be_below=isinstance(item, Sweep))
    try:
        file = identity_of(folder.stat()).file
        is_own = isinstance(item, Sweep) or _is_alone(item, logdir)
        others = tuple(files_of_others(item, folder)) if is_own else ()
        others = tuple(name for name in others if name != paths.ANNOTATIONS_NAME)
        is_whole = is_own and (with_others or not others)
        names = tuple(name for name in sorted(os.listdir(folder)) if is_our_file(item, name))  # noqa: PTH208
        going = _files_below(folder) if is_whole else files_among(folder, names)
        sizes = [path.lstat().st_size for path in going]
    except FileNotFoundError as error:
        raise UsageError(f"{error.filename} has been deleted meanwhile. Reload the list") from None
    kept = () if is_whole else others
    return DeletionPlan(item, folder, is_whole, names, kept, sum(sizes), len(sizes), file)


def files_among(folder: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files with these names, and those below the folders with these names."""
    for name in names:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            yield from _files_below(path)
        else:
            yield path


def delete(item: Item, logdir: Path, *, with_others: bool = False) -> DeletionPlan:
    """Remove something permanently.

    Args:
        with_others: as for `plan_deletion`.

    Raises:
        UsageError: as `plan_deletion`.
        SweepError: it cannot be removed.
    """
    plan = plan_deletion(item, logdir, with_others=with_others)
    try:
        with claimed(item):
            if plan.is_whole:
                _remove_folder(plan.folder, plan.file)
            else:
                _remove_names(item, plan)
    except OSError as error:
        raise SweepError(f"{item.name} cannot be deleted: {error}") from error
    return plan


def _remove_folder(folder: Path, file: tuple[int, int]) -> None:
    hidden = _cut(f"{_HIDDEN}{secrets.token_hex(4)}-{folder.name}", _LONGEST_HIDDEN_BYTES)
    with opened_folder(folder.parent) as parent:
        with parent.inner(folder.name) as opened:
            require_same(opened, file)
            with contextlib.suppress(OSError):  # a full disk: then no later delete finds it
                opened.write(_MARK, "")
        parent.rename(folder.name, hidden)
        if identity_of(parent.look(hidden)).file != file:
            parent.rename(hidden, folder.name)
            raise OSError(f"{folder} was replaced meanwhile")
        parent.remove_tree(hidden)
        for name in filter(_IS_HIDDEN, parent.names()):
            _remove_left(parent, name)


def _cut(name: str, most_bytes: int) -> str:
    """Return a name of at most this many bytes in the file system, which counts bytes."""
    return os.fsdecode(os.fsencode(name)[:most_bytes].decode(errors="ignore").encode())


def _remove_left(parent: OpenFolder, name: str) -> None:
    """Remove what an earlier delete had renamed. Its mark shows that it was this user's."""
    with contextlib.suppress(OSError, NotOursError):
        with parent.inner(name) as left:
            left.look(_MARK)
            _require_ours(left.status())
        parent.remove_tree(name)


def require_same(folder: OpenFolder, file: tuple[int, int]) -> None:
    """Check that it is the examined folder, and ours.

    Raises:
        OSError: it is not."""
    found = folder.status()
    if identity_of(found).file != file:
        raise OSError(f"{folder.path} was replaced meanwhile")
    _require_ours(found)


def _require_ours(status: os.stat_result) -> None:
    """Refuse folders of other users, except for root."""
    if os_files.user_id() not in (None, 0, status.st_uid):
        raise NotOursError("it belongs to another user")


def _remove_names(item: Item, plan: DeletionPlan) -> None:
    """Remove names. The file that marks it as an experiment or a sweep comes last: after a crash it
    can be deleted again."""
    last = paths.DESCRIPTION_NAME if isinstance(item, Sweep) else item.dat_path.name
    with opened_folder(plan.folder) as opened:
        require_same(opened, plan.file)
        for name in sorted(plan.names, key=lambda name: name == last):
            with contextlib.suppress(FileNotFoundError):
                is_folder = stat.S_ISDIR(opened.look(name).st_mode)
                opened.remove_tree(name) if is_folder else opened.unlink(name)
        has_annotations = paths.ANNOTATIONS_NAME in opened.names()
    if has_annotations and isinstance(item, Experiment):
        folder, key = place_of(item)
        edit(folder, key, lambda _: EMPTY_ANNOTATION)


@contextlib.contextmanager
def claimed(item: Item) -> Iterator[None]:
    """Keep orchestrators from a sweep while it is deleted.

    Raises:
        UsageError: one has just begun to work on it.
    """
    if not isinstance(item, Sweep) or not os_files.HAS_BYTE_LOCKS:
        yield
        return
    fd = open_guarded(item.path / paths.JOURNAL_NAME, os.O_RDWR)
    try:
        if hold_exclusive(fd) is False:
            raise UsageError(f"{item.name} is running. Stop it first")
        yield
    finally:
        os.close(fd)


def refuse_elsewhere(folder: Path, logdir: Path, *, must_be_below: bool) -> None:
    """Refuse what is not in the log folder, on a path without links."""
    inside, top = _absolute(folder), _absolute(logdir)
    if not inside.is_relative_to(top) or (must_be_below and inside == top):
        raise UsageError(
            f"{folder} is not in the log folder {logdir}. Name the folder that "
            "contains it with --logdir"
        )
    way = inside
    while way != top:
        if way.is_symlink():
            raise UsageError(
                f"{way} is a link, and the folder that it points to is not deleted from here"
            )
        way = way.parent


def _is_alone(experiment: Experiment, logdir: Path) -> bool:
    """Return whether an experiment's folder is the one that its logger made, with nothing else
    below.

    In any other folder, only the log's own files are ours.
    """
    folder = experiment.dat_path.parent
    is_made_for_it = folder.name.startswith(experiment.dat_path.stem)
    if not is_made_for_it or _absolute(folder) == _absolute(logdir):
        return False
    known = KnownLogs()
    others = (
        path
        for path in _files_below(folder, experiment.dat_path.stem + paths.RUN_FOLDER_SUFFIX)
        if path.name == paths.DESCRIPTION_NAME
        or (paths.is_run_log(path.name) and known.is_log(os.fspath(path)))
    )
    return all(path == experiment.dat_path for path in others)


def _absolute(path: Path) -> Path:
    """Return where a path leads, with its links unresolved."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _files_below(folder: Path, left_out: str | None = None) -> Iterator[Path]:
    """Yield all files, except those in the folder `left_out` directly in it."""
    for parent, folders, names in os.walk(folder):
        if left_out in folders and Path(parent) == folder:
            folders.remove(left_out)
        for name in names:
            yield Path(parent, name)
