"""The command `run`: one program as an experiment."""

import argparse
import sys
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...executors.local.systems import refuse_windows
from ..process import EXIT_FAILURE
from ..terminal.words import print_message

if TYPE_CHECKING:
    from ...running.by_hand.metrics import MetricsSource


def run_program(options: argparse.Namespace) -> int:
    """Run one program as an experiment. Its exit code is this command's."""
    import anyio

    from ...running.by_hand.run import HandRun, run_by_hand
    from ...store.annotations import clean_name, clean_tags

    refuse_windows()
    run = HandRun(
        options.program,
        options.logdir,
        None if options.name is None else clean_name(options.name),
        clean_tags(options.tag),
        _source(options),
        system_metrics=options.system_metrics,
    )
    end = anyio.run(run_by_hand, run, sys.stdout.buffer)
    print_message(f"experiment {end.dat_path.parent}")
    if end.exit_code is None:
        return EXIT_FAILURE
    return end.exit_code if end.exit_code >= 0 else 128 - end.exit_code


def _source(options: argparse.Namespace) -> "MetricsSource":
    """Return where the metrics come from. A pattern alone means the output."""
    from ...output.parser import LineParser, OutputPatternError
    from ...running.by_hand.metrics import MetricsSource

    pattern, folder = options.metrics_pattern, options.tensorboard_dir
    reads_events = options.metrics_from == "tensorboard"
    if pattern is not None and reads_events:
        raise UsageError("--metrics-pattern is for --metrics-from stdout, not tensorboard")
    if pattern is None and options.metrics_from == "stdout":
        raise UsageError("--metrics-from stdout needs --metrics-pattern")
    if folder is not None and not reads_events:
        raise UsageError("--tensorboard-dir needs --metrics-from tensorboard")
    if pattern is not None:
        try:
            LineParser(pattern)
        except OutputPatternError as error:
            raise UsageError(f"--metrics-pattern: {error}") from error
    return MetricsSource(pattern, reads_events, folder)
