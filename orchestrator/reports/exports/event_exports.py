"""`export --format tensorboard`: runs as folders of event files."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.reading.reader import Series, read_run_log
from ml_tracking_ops.logger.tensorboard.writing import TaggedPoint, encode_run, file_name

from ...errors import UsageError
from ...store.catalog import FoundRun
from ...store.experiments import Experiment
from ...store.run_states import STATES, RunState
from ...store.sweep_folder import Sweep
from ..entries import dat_path_of
from ..settings import settings_of

_BLOCK = 10_000


def export_events(
    found: Experiment | Sweep | FoundRun | Collection[Experiment], folder: Path
) -> None:
    """Write a run's event file into a folder, or those of several runs into folders in it.

    Raises:
        UsageError: the folder exists and is not empty, or cannot be written.
        OSError, LogFormatError: a log cannot be read.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} already exists. Name a new or empty folder")
    if isinstance(found, Experiment):
        _write_experiment(found, folder)
    elif isinstance(found, FoundRun):
        _write_run(found, folder)
    elif isinstance(found, Collection):
        for experiment in found:
            _write_experiment(experiment, folder / experiment.name)
    else:
        for _, run in sorted(found.record.runs.items()):
            if run.name is not None and found.dat_path(run) is not None:
                _write_run(FoundRun(found, run), folder / run.name)


def _write_experiment(found: Experiment, folder: Path) -> None:
    _write(found.dat_path, folder, settings_of(found), found.state(), found.started_at)


def _write_run(found: FoundRun, folder: Path) -> None:
    run = found.run
    path = dat_path_of(found)
    if path.exists():
        _write(path, folder, settings_of(found), run.state, run.started_at or 0.0)


def _write(
    dat_path: Path, folder: Path, config: Mapping[str, Any], state: RunState, started_at: float
) -> None:
    log = read_run_log(dat_path, is_whole=True)
    facts = STATES[state]
    is_success = facts.result_counts if facts.is_end else None
    metrics = ((name, _points(log[name])) for name in log)
    paths.make_folders(str(folder))
    path = folder / file_name(os_files.host_name())
    hidden = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with hidden.open("xb") as file:
            file.writelines(encode_run(metrics, config, is_success, started_at))
        os_files.replace(hidden, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        hidden.unlink(missing_ok=True)


def _points(series: Series) -> Iterator[TaggedPoint]:
    for start in range(0, len(series), _BLOCK):
        block = slice(start, start + _BLOCK)
        columns = series.wall_time[block], series.step[block], series.value[block]
        yield from zip(*(column.tolist() for column in columns), strict=True)
