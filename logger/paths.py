"""Every file name of the project, and the only place that knows them.

It lives with the logger, the lowest layer, so that all three packages can import it. It therefore
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
"""Of the log of a run's system metrics."""
MEDIA_SUFFIX = ".media.jsonl"
"""Of the index of a run's images, texts, histograms, tables and audio."""
RUN_FOLDER_SUFFIX = ".files"
"""Of the folder for a run's own files: checkpoints, figures, a trainer's output."""
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
"""Of the files of one run. What comes before them is the same."""
SWEEP_RUN_SUFFIXES = (ARGUMENTS_SUFFIX, WANDB_CONFIG_SUFFIX)
"""… of those that only the runs of sweeps have."""
DESCRIPTION_NAME = "experiment_description.json"
JOURNAL_NAME = "journal.jsonl"
FUNCTION_NAME = "function.pickle"
"""Of the function that a sweep's runs call, where no file or module names it."""
PROCESSES_NAME = "processes.jsonl"
SLURM_NAME = ".slurm"
"""Of the folder for what Slurm's jobs read and write of a sweep."""
RAY_NAME = ".ray"
"""Of the folder for what a Ray cluster tells of a sweep's runs."""
RUN_PROCESSES_SUFFIX = ".processes.jsonl"
"""Of the record that the runner of one attempt keeps in one of these."""
ORCHESTRATOR_LOG_NAME = "orchestrator.log"
CHANGES_NAME = "changes.diff"
PACKAGES_NAME = "packages.txt"
REQUESTS_NAME = "requests"
ANNOTATIONS_NAME = "annotations.json"
CONFIG_NAME = "experiment_cfg.json"

FILE_MODE = 0o644
"""Of new files: the umask can take rights away, but it cannot let others write."""
FOLDER_MODE = 0o755
PRIVATE_MODE = 0o600
"""Of new files that may hold secrets."""

RUN_FILE_VARIABLE = "ML_TRACKING_OPS_RUN_FILE"
"""Environment variable that names the `.dat` file of a run which a sweep started."""
RUN_NAME_VARIABLE = "ML_TRACKING_OPS_RUN_NAME"
"""… that holds the name of a run, for folders of its own."""
RUN_DIR_VARIABLE = "ML_TRACKING_OPS_RUN_DIR"
"""… that names the folder for a run's own files. All attempts at a run share it."""
HYPERPARAMETERS_VARIABLE = "ML_TRACKING_OPS_HYPERPARAMETERS"
"""… that holds the hyperparameters of a run, as a JSON object."""
RERUN_VARIABLE = "ML_TRACKING_OPS_RERUN"
"""… that says of a run started by hand which run of which sweep it is again, as JSON."""
ATTEMPT_VARIABLE = "ML_TRACKING_OPS_ATTEMPT"
"""… that says which attempt at this combination of hyperparameters a run is: 1, 2, …."""
PREVIOUS_RUN_FILES_VARIABLE = "ML_TRACKING_OPS_PREVIOUS_RUN_FILES"
"""… that holds the `.dat` files of the earlier attempts, oldest first, as a JSON list."""


def timestamp(seconds: float | None = None) -> str:
    """Local time as it is in folder and file names: ``2026-11-23_10-15-02``."""
    return time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(seconds))


def absolute(path: str | os.PathLike[str]) -> str:
    """An absolute path. `~` is the home folder."""
    return os.path.abspath(os.path.expanduser(os.fsdecode(path)))


def is_run_log(name: str) -> bool:
    """Whether a file of this name is the log of a run, and not of its system metrics."""
    return name.endswith(DAT_SUFFIX) and not name.endswith(SYSTEM_SUFFIX)


def make_folders(path: str) -> None:
    """Create a folder and those above it that are missing. Others can never write in them.

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
    """The file name (no suffix) of one attempt at a sweep's run: ``2026-11-23_10-20-01_0001``."""
    stem = f"{timestamp(seconds)}_{index:04d}"
    return stem if attempt == 1 else f"{stem}_attempt{attempt}"


def run_folder_of(dat_path: str) -> str:
    """The folder for a run's own files, given its log."""
    run_file = os.environ.get(RUN_FILE_VARIABLE)
    folder = os.environ.get(RUN_DIR_VARIABLE)
    if folder and run_file and os.path.abspath(run_file) == dat_path:
        return os.path.abspath(folder)
    return dat_path.removesuffix(DAT_SUFFIX) + RUN_FOLDER_SUFFIX


def media_index_of(dat_path: str) -> str:
    """The index of the images and other media of a log, beside it."""
    return dat_path.removesuffix(DAT_SUFFIX) + MEDIA_SUFFIX
