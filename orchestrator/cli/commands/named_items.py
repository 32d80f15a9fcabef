"""What a command line names, and what is wrong with it when that cannot be read."""

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
    """What a path, or a sweep's with the number of a run, leads to.

    Raises:
        UsageError: nothing of that name is there, or it is no sweep.
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
    """A log that is missing, cannot be read or is no log at all is the user's to mend."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError

    try:
        yield
    except BrokenPipeError:
        raise  # of what is printed to
    except OSError as error:
        message = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
        raise UsageError(message) from None
    except LogFormatError as error:
        raise UsageError(str(error)) from None
