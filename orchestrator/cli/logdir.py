"""Check the log folder of a command: a wrong one must not look like an empty one."""

import os
from pathlib import Path

from ..errors import UsageError, did_you_mean


def check_logdir(logdir: Path) -> None:
    """Check that a log folder, if it exists, is a folder and can be read.

    Raises:
        UsageError: it is not.
    """
    try:
        with os.scandir(logdir):
            pass
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise UsageError(f"{logdir} is not a folder. Name one with --logdir") from None
    except OSError as error:
        raise UsageError(f"the log folder {logdir} cannot be read: {error.strerror}") from None


def missing_logdir(logdir: Path) -> str:
    """Return a message that a log folder does not exist, with the most similar name that does."""
    try:
        beside = [entry.name for entry in os.scandir(logdir.absolute().parent) if entry.is_dir()]
    except OSError:
        beside = []
    return f"there is no log folder {logdir}{did_you_mean(logdir.name, beside)}"
