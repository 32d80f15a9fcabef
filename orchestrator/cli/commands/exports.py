"""The command `export`: runs, sweeps and tables of experiments as files for other tools."""

import argparse
import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ml_tracking_ops.logger import os_files

from ...errors import NotInLogdirError, UsageError
from ..argument_types import user_path
from ..logdir import missing_logdir
from ..terminal.printing import print_json
from ..terminal.words import print_message
from .named_items import find_named, log_errors

if TYPE_CHECKING:
    from ...store.catalog import FoundRun
    from ...store.experiments import Experiment
    from ...store.sweep_folder import Sweep


def export(options: argparse.Namespace) -> int:
    """Write a run, a sweep, or the table of the experiments in a folder."""
    found: Experiment | Sweep | FoundRun | None = None
    experiments: Collection[Experiment] = ()
    try:
        found = None if options.path is None else find_named(options)
    except NotInLogdirError:
        experiments = _experiments_in(user_path(options.path))
        if not experiments:
            raise
    if options.path is None:
        experiments = _experiments_of_logdir(options.logdir)
    if options.format == "tensorboard":
        return _export_events(experiments if found is None else found, options.output)
    if options.format == "media":
        return _export_media(found, options.output)
    if found is None:
        return _export_table(experiments, options)
    return _export_one(found, options)


def _experiments_of_logdir(logdir: Path) -> "Collection[Experiment]":
    if not logdir.is_dir():
        raise UsageError(f"{missing_logdir(logdir)}. Name another with --logdir")
    experiments = _experiments_in(logdir)
    if not experiments:
        raise UsageError(f"{logdir}/ contains no experiment. Name a sweep, or another --logdir")
    return experiments


def _experiments_in(folder: Path) -> "Collection[Experiment]":
    """Return the experiments below a folder that are not archived, the newest first."""
    from ...store.catalog import Catalog

    if not os.path.isdir(folder):  # noqa: PTH112 - of a name that is too long it raises nothing
        return ()
    known = Catalog(folder).experiments.values()
    return [experiment for experiment in known if not experiment.annotation.is_archived]


def _export_table(experiments: "Collection[Experiment]", options: argparse.Namespace) -> int:
    from ...reports.exports.experiment_tables import (
        experiments_csv,
        exported_experiment_columns,
        table_entries,
    )

    with log_errors():
        if options.format == "parquet":
            from ...reports.exports.parquet import write_columns

            return _write_parquet(
                options, lambda path: write_columns(exported_experiment_columns(experiments), path)
            )
        with _output(options.output) as out:
            if options.format == "csv":
                out.writelines(experiments_csv(experiments))
            else:
                print_json(table_entries(experiments), out)
    return 0


def _export_one(found: "Experiment | Sweep | FoundRun", options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reading.reader import read_run_log

    from ...reports.entries import dat_path_of, show_sweep
    from ...reports.exports.run_tables import run_csv, run_json, sweep_csv
    from ...reports.settings import settings_of
    from ...store.sweep_folder import Sweep

    if options.format == "parquet":
        return _export_parquet(found, options)
    is_csv = options.format == "csv"
    with log_errors(), _output(options.output) as out:
        if isinstance(found, Sweep) and is_csv:
            out.writelines(sweep_csv(show_sweep(found)))
        elif isinstance(found, Sweep):
            print_json(show_sweep(found), out)
        else:
            path = dat_path_of(found)
            log = read_run_log(path)
            if is_csv:
                out.writelines(run_csv(log))
            else:
                out.writelines(run_json(log, str(path), settings_of(found)))
    return 0


def _export_events(
    found: "Experiment | Sweep | FoundRun | Collection[Experiment]", folder: Path | None
) -> int:
    from ...reports.exports.event_exports import export_events

    if folder is None:
        raise UsageError(
            "--format tensorboard writes a folder of event files. Name it with --output"
        )
    with log_errors():
        export_events(found, folder)
    print_message(f"look at it: tensorboard --logdir {folder}")
    return 0


def _export_media(found: "Experiment | Sweep | FoundRun | None", folder: Path | None) -> int:
    from ...reports.exports.media_exports import INDEX_NAME, export_media

    if found is None:
        raise UsageError("--format media exports a run or a sweep. Name one")
    if folder is None:
        raise UsageError("--format media writes a folder of files. Name it with --output")
    try:
        number = export_media(found, folder)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror or error}") from None
    if number:
        print_message(f"{number} written to {folder}, listed in {INDEX_NAME}")
    else:
        print_message(
            "nothing is written, because no image, text, histogram, table or audio was logged"
        )
    return 0


def _export_parquet(found: "Experiment | Sweep | FoundRun", options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reading.reader import read_run_log

    from ...reports.entries import dat_path_of, show_sweep
    from ...reports.exports.parquet import sweep_columns, write_columns, write_run
    from ...store.sweep_folder import Sweep

    def write(path: Path) -> None:
        if isinstance(found, Sweep):
            write_columns(sweep_columns(show_sweep(found)), path)
        else:
            write_run(read_run_log(dat_path_of(found)), path)

    with log_errors():
        return _write_parquet(options, write)


def _write_parquet(options: argparse.Namespace, write: Callable[[Path], None]) -> int:
    if options.output is None:
        raise UsageError("--format parquet writes a file: name it with -o FILE")
    temporary = options.output.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        write(temporary)
        os_files.replace(temporary, options.output)
    finally:
        temporary.unlink(missing_ok=True)
    return 0


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    """Yield stdout, or a file that appears as a whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    # in /tmp nobody must be able to predict its name
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="") as file:
            yield file
        os_files.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)
