"""A sweep that outlives its terminal, in the background or not.

Only what is printed to a closed terminal is lost.
"""

import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import open_guarded

from ..supervision.os_processes import split_process


@dataclass(frozen=True)
class BackgroundSweep:
    """A sweep in the background, as seen by the command that started it."""

    pid: int
    _read_fd: int

    def wait_for_start(self) -> Path | None:
        """Wait until the sweep has started, and return its folder, or None if it has none."""
        with open(self._read_fd, "rb") as file:  # noqa: PTH123
            folder = file.read()
        return Path(os.fsdecode(folder)) if folder else None

    def wait(self) -> int:
        """Wait until it ends, and return its exit code."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class StartReport:
    """Reports to the command that the process of a sweep in the background has started."""

    def __init__(self, write_fd: int) -> None:
        self._write_fd: int | None = write_fd

    def announce(self, folder: Path) -> None:
        """Send the sweep's folder. The output of this process goes to a file there from now on."""
        _redirect_output(folder / paths.ORCHESTRATOR_LOG_NAME)
        if self._write_fd is not None:
            os.write(self._write_fd, os.fsencode(folder))

    def started(self) -> None:
        """Let the command end. The journal now records that the sweep is running."""
        if self._write_fd is not None:
            os.close(self._write_fd)
            self._write_fd = None


def go_into_background() -> BackgroundSweep | StartReport:
    """Split this process in two. Call it before any thread is started.

    Returns:
        In the process of the command, an object to wait for. In the process of the sweep, which has
        a session of its own, an object that reports its start.
    """
    read_fd, write_fd = os.pipe()
    pid = split_process()
    if pid:
        os.close(write_fd)
        return BackgroundSweep(pid, read_fd)
    os.close(read_fd)
    return StartReport(write_fd)


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
    """Reports every write as successful: a closed window or a full disk ends no sweep."""

    def write(self, data: object) -> int:
        try:
            return super().write(data) or 0  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def outlive_terminal() -> None:
    """Make printing never fail from now on, even if the terminal is gone."""
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)


def _lasting(stream: TextIO) -> TextIO:
    try:
        stream.flush()
        fd = stream.fileno()
    except (OSError, ValueError):  # no file behind it, as in a notebook, or already closed
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Lasting(fd, "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
    )
