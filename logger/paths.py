"""Every file name of the project. No other module knows them.

It is part of the logger, the lowest layer, so that all three packages can import it. It therefore
needs only the standard library, and only its cheap parts.
"""

import os
import time

DAT_SUFFIX = ".dat"
LOG_SUFFIX = ".log"
ARGUMENTS_SUFFIX = ".json"
WANDB_CONFIG_SUFFIX = ".wandb.yaml"
RUN_RECORD_SUFFIX = ".run.json"
SYSTEM_SUFFIX = ".system.dat"
"""Suffix of the log of a run's system metrics."""
MEDIA_SUFFIX = ".media.jsonl"
"""Suffix of the index of a run's images, texts, histograms, tables and audio."""
RUN_FOLDER_SUFFIX = ".files"
"""Suffix of the folder for a run's own files: checkpoints, figures, a trainer's output."""
RUN_SUFFIXES = (
    DAT_SUFFIX,
    LOG_SUFFIX,
    ARGUMENTS_SUFFIX,
    WANDB_CONFIG_SUFFIX,
    RUN_RECORD_SUFFIX,
    RUN_FOLDER_SUFFIX,
    SYSTEM_SUFFIX,
    MEDIA_SUFFIX,
)
"""Suffixes of the files of one run. The part before them is the same."""
SWEEP_RUN_SUFFIXES = (ARGUMENTS_SUFFIX, WANDB_CONFIG_SUFFIX)
"""Suffixes of files that only the runs of sweeps have."""
DESCRIPTION_NAME = "experiment_description.json"
JOURNAL_NAME = "journal.jsonl"
FUNCTION_NAME = "function.pickle"
"""Name of the pickled function that a sweep's runs call, if no file or module names it."""
PROCESSES_NAME = "processes.jsonl"
SLURM_NAME = ".slurm"
"""Folder for the files that Slurm's jobs read and write for a sweep."""
RAY_NAME = ".ray"
"""Folder for the files that a Ray cluster reports a sweep's runs in."""
RUN_PROCESSES_SUFFIX = ".processes.jsonl"
"""Suffix of the record of one attempt that its runner keeps in one of these folders."""
ORCHESTRATOR_LOG_NAME = "orchestrator.log"
CHANGES_NAME = "changes.diff"
PACKAGES_NAME = "packages.txt"
REQUESTS_NAME = "requests"
ANNOTATIONS_NAME = "annotations.json"
CONFIG_NAME = "experiment_cfg.json"

FILE_MODE = 0o644
"""Mode of new files: the umask can remove rights, but others can never write."""
FOLDER_MODE = 0o755
PRIVATE_MODE = 0o600
"""Mode of new files that may hold secrets."""

RUN_FILE_VARIABLE = "ML_TRACKING_OPS_RUN_FILE"
"""Environment variable: the `.dat` file of a run that a sweep started."""
RUN_NAME_VARIABLE = "ML_TRACKING_OPS_RUN_NAME"
"""Environment variable: the name of a run, for folders of its own."""
RUN_DIR_VARIABLE = "ML_TRACKING_OPS_RUN_DIR"
"""Environment variable: the folder for a run's own files. All attempts at a run share it."""
HYPERPARAMETERS_VARIABLE = "ML_TRACKING_OPS_HYPERPARAMETERS"
"""Environment variable: the hyperparameters of a run, as a JSON object."""
RERUN_VARIABLE = "ML_TRACKING_OPS_RERUN"
"""Environment variable: for a run started by hand, the run of a sweep that it reruns, as JSON."""
ATTEMPT_VARIABLE = "ML_TRACKING_OPS_ATTEMPT"
"""Environment variable: the number of this attempt at the run's hyperparameters: 1, 2, …."""
PREVIOUS_RUN_FILES_VARIABLE = "ML_TRACKING_OPS_PREVIOUS_RUN_FILES"
"""Environment variable: the `.dat` files of earlier attempts, oldest first, as a JSON list."""


def timestamp(seconds: float | None = None) -> str:
    """Return the local time as used in folder and file names: ``2026-11-23_10-15-02``."""
    return time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(seconds))


def absolute(path: str | os.PathLike[str]) -> str:
    """Return an absolute path. `~` is the home folder."""
    return os.path.abspath(os.path.expanduser(os.fsdecode(path)))


def is_run_log(name: str) -> bool:
    """Return whether a file of this name is the log of a run, not of its system metrics."""
    return name.endswith(DAT_SUFFIX) and not name.endswith(SYSTEM_SUFFIX)


def make_folders(path: str) -> None:
    """Create a folder and its missing parents. Other users cannot write in them.

    Raises:
        OSError: one cannot be created.
    """
    above = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(above):
        make_folders(above)
    if not os.path.isdir(path):
        try:
            os.mkdir(path, FOLDER_MODE)
        except FileExistsError:
            if not os.path.isdir(path):
                raise


def create_unique_folder(parent: str, name: str) -> str:
    """Create `parent`/`name`, or `name_2`, `name_3`, … where that exists, and return its path.

    Creation is atomic, so two processes never get the same folder.

    Raises:
        OSError: the folder cannot be created.
    """
    make_folders(parent)
    candidate = os.path.join(parent, name)
    suffix = 2
    while True:
        try:
            os.mkdir(candidate, FOLDER_MODE)
        except FileExistsError:
            candidate = os.path.join(parent, f"{name}_{suffix}")
            suffix += 1
        else:
            return candidate


def run_stem(index: int, attempt: int = 1, seconds: float | None = None) -> str:
    """Return the file name (without suffix) of an attempt at a sweep's run:
    ``2026-11-23_10-20-01_0001``."""
    stem = f"{timestamp(seconds)}_{index:04d}"
    return stem if attempt == 1 else f"{stem}_attempt{attempt}"


def run_folder_of(dat_path: str) -> str:
    """Return the folder for a run's own files, by its log."""
    run_file = os.environ.get(RUN_FILE_VARIABLE)
    folder = os.environ.get(RUN_DIR_VARIABLE)
    if folder and run_file and os.path.abspath(run_file) == dat_path:
        return os.path.abspath(folder)
    return dat_path.removesuffix(DAT_SUFFIX) + RUN_FOLDER_SUFFIX


def media_index_of(dat_path: str) -> str:
    """Return the index of a log's images and other media, beside it."""
    return dat_path.removesuffix(DAT_SUFFIX) + MEDIA_SUFFIX
