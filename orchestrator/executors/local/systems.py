"""On which systems this machine's own runs can be started."""

import sys

from ...errors import UsageError


def refuse_windows() -> None:
    """Sweeps need process groups and signals.

    Raises:
        UsageError: this is Windows.
    """
    if sys.platform == "win32":
        raise UsageError(
            "sweeps do not run on Windows itself: run this command in WSL (Windows Subsystem for "
            "Linux)"
        )
