"""Waits with a limit. The error names what was waited for."""

import os
import select
import subprocess
from typing import IO

LIMIT_S = 60


def read_line(process: subprocess.Popen[str]) -> str:
    """Return the next line that a process prints, or "" if it has ended.

    Only for processes that print one line and then wait, because further lines are lost.

    Raises:
        TimeoutError: there was none in time.
    """
    assert process.stdout is not None
    return _line(process.stdout)


def _line(stream: IO[str]) -> str:
    if not select.select([stream], [], [], LIMIT_S)[0]:
        raise TimeoutError(f"waited {LIMIT_S} s for a line")
    return stream.readline()


def wait_for_exit(pid: int) -> None:
    """Wait for any process. A child is not reaped.

    Raises:
        TimeoutError: it did not end in time.
    """
    fd = os.pidfd_open(pid)
    try:
        if not select.select([fd], [], [], LIMIT_S)[0]:
            raise TimeoutError(f"waited {LIMIT_S} s for process {pid} to end")
    finally:
        os.close(fd)
