"""The command, from its arguments to its exit code."""

import argparse
import errno
import gc
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from ml_tracking_ops.logger.guarded import guard_folder

from ..errors import TrackingError, UsageError
from .arguments.parser import parse
from .logdir import check_logdir
from .process import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE
from .terminal.words import escape_unencodable, print_message

COMMANDS: Mapping[str, str] = {
    "sweep": "sweeps.sweep",
    "run": "by_hand.run_program",
    "demo": "sweeps.demo",
    "attach": "attach.attach",
    "wait": "waiting.wait",
    "web": "dashboard.web",
    "assets": "dashboard.assets",
    "list": "reports.list_all",
    "show": "reports.show",
    "export": "exports.export",
    "snapshot": "dashboard.snapshot",
    "replay": "reports.replay",
    "metrics-preview": "metrics_preview.metrics_preview",
    "schema": "reports.schema",
    "stop": "actions.stop",
    "pause": "actions.pause",
    "continue": "actions.continue_sweep",
    "requeue": "actions.requeue",
    "workers": "actions.workers",
    "annotate": "actions.annotate",
    "archive": "actions.archive_items",
    "unarchive": "actions.unarchive_items",
    "delete": "actions.delete_permanently",
    "mcp": "agents.mcp",
    "completion": "completion.completion",
}
"""The function in `commands` for each command. Its module is imported when needed."""


def run() -> NoReturn:
    """Run `main` as the console command, and exit at once.

    Collecting garbage while modules are imported, and tearing them down one by one at the end,
    would take longer than the shortest runs do.
    """
    gc.disable()
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or EXIT_FAILURE
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code (0 done, 1 failed, 2 wrong usage, 130 Ctrl-C)."""
    escape_unencodable()
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        if options.command not in ("sweep", "demo", "web"):
            gc.enable()  # the others do so after importing what they need
        if "logdir" in options:
            check_logdir(options.logdir)
            guard_folder(options.logdir)
        return _function(options.command)(options)
    except TrackingError as error:
        print_message(f"ml-tracking-ops: {error}")
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE
    except BrokenPipeError:
        # the reader of the output is gone: keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        print_message(f"ml-tracking-ops: {error.filename}: {error.strerror}")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _function(command: str) -> Callable[[argparse.Namespace], int]:
    module, _, name = COMMANDS[command].partition(".")
    function: Callable[[argparse.Namespace], int]
    function = getattr(importlib.import_module(f".commands.{module}", __package__), name)
    return function
