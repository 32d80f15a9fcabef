"""Start or resume a sweep in the background, as `sweep --detach` does, from another program.

The command itself asks before it runs what belongs to another user. Nobody can be asked here, so it
refuses.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import SweepError, UsageError

_COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]
_START_S = 120.0


def start_in_background(arguments: Sequence[str], cwd: Path) -> Any:
    """Run ``sweep ARGUMENTS --detach``, and return the event that names the sweep.

    Args:
        cwd: the working directory of the command.

    Raises:
        UsageError: the command refused. The text is its message.
        SweepError: the sweep did not start in time.
    """
    try:
        done = subprocess.run(
            [*_COMMAND, "sweep", *arguments, "--detach", "--json"],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_START_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SweepError(f"the sweep has not started within {_START_S:g} s") from None
    if done.returncode != 0:
        raise UsageError(done.stderr.strip() or f"exit code {done.returncode}")
    return json.loads(done.stdout.splitlines()[0])


def resume_in_background(folder: Path) -> Any:
    """Resume the sweep in a folder. Its runs have the environment of this process.

    Raises:
        UsageError, SweepError: as `start_in_background`.
    """
    return start_in_background(["--resume", str(folder)], folder.parent)
