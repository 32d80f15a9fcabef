"""The systems on which runs can be started locally."""

import sys

from ...errors import UsageError


def refuse_windows() -> None:
    """Raise on Windows: sweeps need process groups and signals.

    Raises:
        UsageError: this is Windows.
    """
    if sys.platform == "win32":
        raise UsageError(
            "sweeps do not run on Windows itself: run this command in WSL (Windows Subsystem for "
            "Linux)"
        )
