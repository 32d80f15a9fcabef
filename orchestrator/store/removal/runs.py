"""Archive and delete single runs of a sweep.

The journal, to which others only append, stays: annotations record that a run is archived or
deleted. A sweep that is resumed does not run a deleted run again, and its sampler knows how it
ended.
"""

import contextlib
import os
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger import paths

from ...errors import SweepError, UsageError
from ..annotations import annotate
from ..files.identities import identity_of
from ..files.open_folder import opened_folder
from ..run_record import RunRecord
from ..sweep_folder import Sweep
from .housekeeping import claimed, files_among, refuse_elsewhere, refuse_if_running, require_same


@dataclass(frozen=True)
class RunDeletionPlan:
    """What deleting runs removes: names directly in the folder of their sweep."""

    sweep: Sweep
    indices: tuple[int, ...]
    names: tuple[str, ...]
    size_bytes: int
    n_files: int
    file: tuple[int, int]


def archive_runs(sweep: Sweep, indices: Sequence[int], *, is_archived: bool = True) -> None:
    """Hide runs from the tables and charts of their sweep and from its results, or show them again.

    Raises:
        UsageError: one of them has not ended.
    """
    sweep.refresh()
    _refuse_unended(sweep, indices, "archived")
    for index in indices:
        annotate(sweep.path, index, archived_at=_now() if is_archived else None)


def plan_run_deletion(sweep: Sweep, indices: Sequence[int], logdir: Path) -> RunDeletionPlan:
    """Return what deleting runs would remove: the files of all their attempts.

    Raises:
        UsageError: the sweep is running, is the original tool's, or is not in the log folder.
    """
    if sweep.is_legacy:
        raise UsageError(
            f"{sweep.name}: the original tool ran this sweep, whose runs are known by their files "
            "alone. Archive them, or delete the sweep as a whole"
        )
    refuse_if_running(sweep, "changed: its runs can be deleted then")
    refuse_elsewhere(sweep.path, logdir, must_be_below=True)
    _refuse_unended(sweep, indices, "deleted")
    stems = {stem for index in indices for stem in _stems(sweep.record.runs[index])}
    try:
        file = identity_of(sweep.path.stat()).file
        names = tuple(name for name in sorted(os.listdir(sweep.path)) if _is_of(name, stems))  # noqa: PTH208
        sizes = [path.lstat().st_size for path in files_among(sweep.path, names)]
    except FileNotFoundError as error:
        raise UsageError(f"{error.filename} has been deleted meanwhile. Reload the page") from None
    return RunDeletionPlan(sweep, tuple(indices), names, sum(sizes), len(sizes), file)


def delete_runs(sweep: Sweep, indices: Sequence[int], logdir: Path) -> RunDeletionPlan:
    """Remove the files of runs permanently.

    They are first recorded as deleted: after a crash in between no partial run is shown.

    Raises:
        UsageError: as `plan_run_deletion`.
        SweepError: they cannot be removed.
    """
    plan = plan_run_deletion(sweep, indices, logdir)
    try:
        with claimed(sweep), opened_folder(sweep.path) as opened:
            require_same(opened, plan.file)
            for index in plan.indices:
                annotate(sweep.path, index, deleted_at=_now())
            for name in plan.names:
                with contextlib.suppress(FileNotFoundError):
                    is_folder = stat.S_ISDIR(opened.look(name).st_mode)
                    opened.remove_tree(name) if is_folder else opened.unlink(name)
    except OSError as error:
        raise SweepError(f"runs of {sweep.name} cannot be deleted: {error}") from error
    return plan


def _now() -> float:
    return round(time.time(), 3)


def _refuse_unended(sweep: Sweep, indices: Sequence[int], what: str) -> None:
    for index in indices:
        run = sweep.record.runs.get(index)
        if run is None:
            raise UsageError(f"{sweep.name} has no run {index}")
        if not run.has_ended:
            raise UsageError(f"run {index} has not ended. It can be {what} when it has")


def _stems(run: RunRecord) -> list[str]:
    return [*run.previous_names, *([run.name] if run.name is not None else [])]


def _is_of(name: str, stems: set[str]) -> bool:
    return any(
        name.endswith(suffix) and name.removesuffix(suffix) in stems
        for suffix in paths.RUN_SUFFIXES
    )
