"""A sweep that outlives its terminal, in the background or not.

What is printed to a terminal that is gone is lost, and nothing else is.
"""

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import open_guarded

from ..supervision.os_processes import split_process

Announce = Callable[[Path], None]


@dataclass(frozen=True)
class BackgroundSweep:
    """The sweep as the command sees it that started it: its process, and word of its folder."""

    pid: int
    _read_fd: int

    def wait_for_folder(self) -> Path | None:
        """Wait until the sweep has its folder, and return None if it fails before."""
        with open(self._read_fd, "rb") as file:  # noqa: PTH123
            folder = file.read()
        return Path(os.fsdecode(folder)) if folder else None

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def go_into_background() -> BackgroundSweep | Announce:
    """Split this process in two, to be called before any thread is started.

    Returns:
        To the command's process, what it can wait for. To the sweep's, which now has a session
        of its own, a function to be called with the sweep's folder once that is there: from
        then on what it prints goes to a file in that folder.
    """
    read_fd, write_fd = os.pipe()
    pid = split_process()
    if pid:
        os.close(write_fd)
        return BackgroundSweep(pid, read_fd)
    os.close(read_fd)

    def announce(folder: Path) -> None:
        _redirect_output(folder / paths.ORCHESTRATOR_LOG_NAME)
        os.write(write_fd, os.fsencode(folder))
        os.close(write_fd)

    return announce


def _redirect_output(path: Path) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    output = open_guarded(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    for fd, onto in ((null, 0), (output, 1), (output, 2)):
        os.dup2(fd, onto)
    os.close(output)
    os.close(null)


class _Lasting(io.FileIO):
    """Says of every write that it went well: a closed window or a full disk ends no sweep."""

    def write(self, data: object) -> int:
        try:
            return super().write(data) or 0  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def outlive_terminal() -> None:
    """From now on no printing fails, even if the terminal is gone."""
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)


def _lasting(stream: TextIO) -> TextIO:
    try:
        stream.flush()
        fd = stream.fileno()
    except (OSError, ValueError):  # no file behind it, as in a notebook, or gone already
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Lasting(fd, "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
    )
