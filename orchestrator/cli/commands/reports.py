"""The commands that report: list, show, replay, schema."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..logdir import missing_logdir
from ..terminal.printing import print_json, print_run, print_sweep, print_table
from ..terminal.words import print_message
from .named_items import find_named, log_errors

if TYPE_CHECKING:
    from ...store.sweep_folder import Sweep

_MOST_BYTES_A_FILE, _MOST_S_A_FILE = 4 << 30, 20.0


def list_all(options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reading.bounded_reading import limit_files

    from ...reports.entries import describe_list, list_reports
    from ...store.catalog import Catalog
    from ...store.files.folder_walk import describe_skipped

    if not options.logdir.is_dir():
        raise UsageError(f"{missing_logdir(options.logdir)}. Name another with --logdir")
    limit_files(_MOST_BYTES_A_FILE, _MOST_S_A_FILE)
    catalog = Catalog(options.logdir)
    for error in catalog.unreadable:
        print_message(f"warning: {error}")
    skipped = describe_skipped(catalog.skipped)
    if skipped:
        print_message(skipped)
    entries = list_reports(catalog, is_archived=options.archived)
    if options.json:
        print_json(entries)
    elif entries:
        head, *rows = describe_list(entries)
        print_table(head, rows)
    elif options.archived:
        print_message(f"nothing in {options.logdir}/ is archived")
    elif not catalog.unreadable:
        print_message(f"{options.logdir}/ holds no experiment and no sweep yet")
    return 0


def show(options: argparse.Namespace) -> int:
    from ...reports.entries import show_run, show_sweep
    from ...store.sweep_folder import Sweep

    found = find_named(options)
    if isinstance(found, Sweep):
        with log_errors():
            sweep = show_sweep(found)
        (print_json if options.json else print_sweep)(sweep)
    else:
        with log_errors():
            run = show_run(found)
        (print_json if options.json else print_run)(run)
    return 0


def replay(options: argparse.Namespace) -> int:
    from ...reports.replays import parse_rule, report_replays
    from ..terminal.printing import print_replays

    if options.suggest and options.rule:
        raise UsageError("--suggest tries many rules by itself. Use either --rule or --suggest")
    if options.suggest:
        return _suggest(options)
    if not options.rule:
        raise UsageError("replay needs --rule RULE, or --suggest to try many")
    if len(options.paths) > 1:
        raise UsageError("--rule replays one sweep. Use --suggest for several")
    rules = [parse_rule(text) for text in options.rule]
    report = report_replays(
        _sweep_at(options.paths[0], options.logdir), rules, options.metric, options.goal
    )
    if options.json:
        print_json(report)
    else:
        print_replays(report)
    return 0


def _suggest(options: argparse.Namespace) -> int:
    from ...reports.suggestions import report_suggestions
    from ..terminal.suggestions import print_suggestions

    sweeps = [_sweep_at(path, options.logdir) for path in options.paths]
    report = report_suggestions(sweeps, options.metric, options.goal)
    if options.json:
        print_json(report)
    else:
        print_suggestions(report)
    return 0


def _sweep_at(path: str, logdir: Path) -> "Sweep":
    from ...store.catalog import find_item
    from ...store.sweep_folder import Sweep

    found = find_item(path, logdir)
    if not isinstance(found, Sweep):
        raise UsageError(f"{path} is not a sweep: only a sweep can be replayed")
    return found


def schema(options: argparse.Namespace) -> int:
    from ...config.model import json_schema
    from ...reports.events import events_schema

    print_json(events_schema() if options.events else json_schema(), indent=2)
    return 0
