"""Which files below an experiment's or a sweep's folder our own processes have written."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file

from ..experiments import Experiment
from ..run_details import read_details
from ..sweep_folder import Sweep

_RUN_STEM = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d{4,}(?:_attempt\d+)?")
_SWEEP_NAMES = frozenset(
    (
        paths.DESCRIPTION_NAME,
        paths.JOURNAL_NAME,
        paths.PROCESSES_NAME,
        paths.ORCHESTRATOR_LOG_NAME,
        paths.CHANGES_NAME,
        paths.PACKAGES_NAME,
        paths.REQUESTS_NAME,
        paths.SLURM_NAME,
        paths.RAY_NAME,
        paths.ANNOTATIONS_NAME,
    )
)


def is_our_file(item: Experiment | Sweep, name: str) -> bool:
    """Return whether something of this name, directly in the item's folder, was written by us."""
    if isinstance(item, Experiment) and is_event_file(item.dat_path):
        return False  # other tools wrote them
    if isinstance(item, Experiment):
        return _is_of_experiment(item.dat_path, name)
    if name in _SWEEP_NAMES:
        return True
    stems = (name.removesuffix(suffix) for suffix in _suffixes(name))
    return any(_RUN_STEM.fullmatch(stem) or item.run(stem) is not None for stem in stems)


def files_of_others(item: Experiment | Sweep, folder: Path) -> list[str]:
    """Return the files below the folder that are not ours, relative to it, sorted."""
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        is_top = Path(parent) == folder
        if is_top:
            folders[:] = [name for name in folders if not _is_our_folder(item, folder, name)]
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]  # noqa: PTH114, PTH118
        found.extend(
            os.path.relpath(os.path.join(parent, name), folder)  # noqa: PTH118
            for name in (*names, *links)
            if not (is_top and is_our_file(item, name))
        )
    return sorted(found)


def _is_our_folder(item: Experiment | Sweep, parent: Path, name: str) -> bool:
    """Return whether all in this folder belongs to the item: requests, an engine's files, a run's
    own."""
    if name in (paths.REQUESTS_NAME, paths.SLURM_NAME, paths.RAY_NAME):
        return True
    is_of_run = name.endswith(paths.RUN_FOLDER_SUFFIX) and is_our_file(item, name)
    return is_of_run and not (parent / name).is_symlink()


def _is_of_experiment(dat_path: Path, name: str) -> bool:
    """Return whether a file belongs to an experiment: a script may write a log or configuration
    beside it."""
    stem = dat_path.stem
    if name == f"{stem}{paths.LOG_SUFFIX}":
        return read_details(dat_path).keeps_output
    suffixes = set(paths.RUN_SUFFIXES) - set(paths.SWEEP_RUN_SUFFIXES)
    return any(name == f"{stem}{suffix}" for suffix in suffixes)


def _suffixes(name: str) -> Iterator[str]:
    return (suffix for suffix in paths.RUN_SUFFIXES if name.endswith(suffix))
