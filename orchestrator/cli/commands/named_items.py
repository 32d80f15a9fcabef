"""Find what a command line names, and explain what is wrong if it cannot be read."""

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...errors import UsageError

if TYPE_CHECKING:
    from ...store.catalog import FoundRun
    from ...store.experiments import Experiment
    from ...store.sweep_folder import Sweep


def find_named(options: argparse.Namespace) -> "Experiment | Sweep | FoundRun":
    """Return what a path, or a sweep's path with the number of a run, refers to.

    Raises:
        UsageError: nothing of that name exists, or it is no sweep.
    """
    from ...store.catalog import find_item, find_run_by_number
    from ...store.sweep_folder import Sweep

    found = find_item(options.path, options.logdir)
    if options.run is None:
        return found
    if not isinstance(found, Sweep):
        raise UsageError(f"{options.path} is not a sweep. Only a sweep has numbered runs")
    return find_run_by_number(found, options.run)


@contextlib.contextmanager
def log_errors() -> Iterator[None]:
    """Turn errors about a log that is missing or unreadable into usage errors."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError

    try:
        yield
    except BrokenPipeError:
        raise  # the reader of the output
    except OSError as error:
        message = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
        raise UsageError(message) from None
    except LogFormatError as error:
        raise UsageError(str(error)) from None
