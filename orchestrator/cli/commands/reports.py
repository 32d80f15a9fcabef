"""The commands that tell what is there: list, show, export, replay, schema."""

import argparse
import contextlib
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ml_tracking_ops.logger import os_files

from ...errors import UsageError
from ..logdir import missing_logdir
from ..terminal.printing import print_json, print_run, print_sweep, print_table
from ..terminal.words import say

if TYPE_CHECKING:
    from ...store.catalog import FoundRun
    from ...store.experiments import Experiment
    from ...store.sweep_folder import Sweep

_MOST_BYTES_A_FILE, _MOST_S_A_FILE = 4 << 30, 20.0


def list_all(options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reading.bounded_reading import limit_files

    from ...reports.entries import describe_list, list_entries
    from ...store.catalog import Catalog
    from ...store.files.folder_walk import describe_skipped

    if not options.logdir.is_dir():
        raise UsageError(f"{missing_logdir(options.logdir)}; name another with --logdir")
    limit_files(_MOST_BYTES_A_FILE, _MOST_S_A_FILE)
    catalog = Catalog(options.logdir)
    for error in catalog.unreadable:
        say(f"warning: {error}")
    skipped = describe_skipped(catalog.skipped)
    if skipped:
        say(skipped)
    entries = list_entries(catalog, is_archived=options.archived)
    if options.json:
        print_json(entries)
    elif entries:
        head, *rows = describe_list(entries)
        print_table(head, rows)
    elif options.archived:
        say(f"nothing in {options.logdir}/ is archived")
    elif not catalog.unreadable:
        say(f"{options.logdir}/ holds no experiment and no sweep yet")
    return 0


def show(options: argparse.Namespace) -> int:
    from ...reports.entries import show_run, show_sweep
    from ...store.sweep_folder import Sweep

    found = _find(options)
    if isinstance(found, Sweep):
        with _log_errors():
            sweep = show_sweep(found)
        (print_json if options.json else print_sweep)(sweep)
    else:
        with _log_errors():
            run = show_run(found)
        (print_json if options.json else print_run)(run)
    return 0


def _find(options: argparse.Namespace) -> "Experiment | Sweep | FoundRun":
    """What a path, or a sweep's with the number of a run, leads to."""
    from ...store.catalog import find, find_run
    from ...store.sweep_folder import Sweep

    found = find(options.path, options.logdir)
    if options.run is None:
        return found
    if not isinstance(found, Sweep):
        raise UsageError(f"{options.path} is no sweep; the number of a run goes with a sweep")
    return find_run(found, options.run)


def export(options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reading.reader import read_run_log

    from ...reports.entries import dat_path_of, show_sweep
    from ...reports.exports import run_csv, run_json, sweep_csv
    from ...store.sweep_folder import Sweep

    found = _find(options)
    if options.format == "tensorboard":
        return _export_events(found, options.output)
    if options.format == "parquet":
        return _export_parquet(found, options)
    with _log_errors(), _output(options.output) as out:
        if isinstance(found, Sweep) and options.format == "csv":
            out.writelines(sweep_csv(show_sweep(found)))
        elif isinstance(found, Sweep):
            print_json(show_sweep(found), out)
        else:
            path = dat_path_of(found)
            log = read_run_log(path)
            is_csv = options.format == "csv"
            out.writelines(run_csv(log) if is_csv else run_json(log, str(path)))
    return 0


def _export_events(found: "Experiment | Sweep | FoundRun", folder: Path | None) -> int:
    from ...reports.event_exports import export_events

    if folder is None:
        raise UsageError("--format tensorboard writes a folder of event files; name it: --output")
    with _log_errors():
        export_events(found, folder)
    say(f"look at it: tensorboard --logdir {folder}")
    return 0


def _export_parquet(found: "Experiment | Sweep | FoundRun", options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reading.reader import read_run_log

    from ...reports.entries import dat_path_of, show_sweep
    from ...reports.parquet import sweep_columns, write_columns, write_run
    from ...store.sweep_folder import Sweep

    if options.output is None:
        raise UsageError("--format parquet writes a file: name it with -o FILE")
    temporary = options.output.with_name(f".{secrets.token_hex(8)}.tmp")
    with _log_errors():
        try:
            if isinstance(found, Sweep):
                write_columns(sweep_columns(show_sweep(found)), temporary)
            else:
                write_run(read_run_log(dat_path_of(found)), temporary)
            os_files.replace(temporary, options.output)
        finally:
            temporary.unlink(missing_ok=True)
    return 0


def replay(options: argparse.Namespace) -> int:
    from ...reports.replays import parse_rule, report_replays
    from ...store.catalog import find
    from ...store.sweep_folder import Sweep
    from ..terminal.printing import print_replays

    rules = [parse_rule(text) for text in options.rule]
    found = find(options.path, options.logdir)
    if not isinstance(found, Sweep):
        raise UsageError(f"{options.path} is no sweep: only a sweep can be replayed")
    report = report_replays(found, rules, options.metric, options.goal)
    if options.json:
        print_json(report)
    else:
        print_replays(report)
    return 0


@contextlib.contextmanager
def _log_errors() -> Iterator[None]:
    """A log that is missing, cannot be read or is no log at all is the user's to mend."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError

    try:
        yield
    except BrokenPipeError:
        raise  # of what is printed to
    except OSError as error:
        told = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
        raise UsageError(told) from None
    except LogFormatError as error:
        raise UsageError(str(error)) from None


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    """stdout, or a file that appears whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")  # in /tmp nobody may foresee it
    try:
        with temporary.open("x", encoding="utf-8", newline="") as file:
            yield file
        os_files.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def schema(options: argparse.Namespace) -> int:
    from ...config.model import json_schema

    print_json(json_schema(), indent=2)
    return 0
