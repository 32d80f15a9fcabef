"""What lies in a sweep's folder for Slurm: one class is the only place that knows the names.

SWEEP/.slurm/
  runner-HASH.zip           the program in each job; a copy, as jobs may wait for days
  RUN.json                  what it is to start (only this user may read it)
  RUN.processes.jsonl       what became of that (writer: the job alone)
  RUN.out                   what the job itself printed: setup lines, and what went wrong
"""

import hashlib
import json
import os
import shlex
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import open_guarded

from ...store.files.output_tail import last_lines
from ..base import RunCommand
from ..runner_archive import runner_archive, runner_name
from ..thread_variables import THREAD_VARIABLES

_JOB_STARTED = json.dumps({"event": "job_started"})
_TAIL_LINES = 5


class SlurmFiles:
    """The files for Slurm of one sweep.

    Args:
        folder: the sweep's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / paths.SLURM_NAME
        digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
        self._prefix = f"mlto-{digest}-"
        self._writing = threading.Lock()

    def job_name(self, run: str) -> str:
        """What a run's job is called: unique to the attempt, and to the place of the sweep."""
        return f"{self._prefix}{run}"

    def record_path(self, run: str) -> Path:
        return self.folder / f"{run}{paths.RUN_PROCESSES_SUFFIX}"

    def spec_path(self, run: str) -> Path:
        return self.folder / f"{run}.json"

    def output_path(self, run: str) -> Path:
        return self.folder / f"{run}.out"

    def prepare(self, command: RunCommand, more: dict[str, Any], python: str | None) -> None:
        """Write what the job of a run needs. What is waited for is created before it is.

        Args:
            more: what the runner gets besides the command.

        Raises:
            OSError: it cannot be written.
        """
        self.folder.mkdir(mode=paths.FOLDER_MODE, exist_ok=True)
        runner_path = self.folder / runner_name()
        with self._writing:  # of several that start at once, the first copies the runner
            if not runner_path.exists():
                _write(runner_path, runner_archive(), paths.FILE_MODE)
        for path in (self.record_path(command.name), command.output_path):
            os.close(open_guarded(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        spec = json.dumps(
            {**_spec(command, python), **more, "record": str(self.record_path(command.name))}
        )
        _write(self.spec_path(command.name), spec.encode(), paths.PRIVATE_MODE)

    def script(self, run: str, setup: Sequence[str], python: str | None) -> str:
        """The batch script: setup lines, and the runner in place of the shell."""
        record = shlex.quote(str(self.record_path(run)))
        program = [python or sys.executable, "-I", "-S", str(self.folder / runner_name())]
        lines = [
            "#!/bin/sh",
            "trap '' USR1",
            f"printf '%s\\n' {shlex.quote(_JOB_STARTED)} >> {record}",
            *setup,
            f"exec {shlex.join([*program, str(self.spec_path(run))])}",
        ]
        return "\n".join(lines) + "\n"

    def give_up(self, run: str) -> None:
        """A job of this run that comes to start in spite of all finds nothing to do."""
        self.spec_path(run).unlink(missing_ok=True)

    def last_output(self, run: str) -> str:
        """What a job printed last, on one line."""
        return " / ".join(line.strip() for line in last_lines(self.output_path(run), _TAIL_LINES))


def _spec(command: RunCommand, python: str | None) -> dict[str, Any]:
    program = python or sys.executable
    return {
        "arguments": [program if one == sys.executable else one for one in command.arguments],
        "folder": str(command.folder),
        "environment": dict(command.environment),
        "marker": f"{command.marker}={command.environment.get(command.marker, '')}",
        "tag": dict(command.tag),
        "output": str(command.output_path),
        "thread_variables": list(THREAD_VARIABLES),
    }


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file so that readers always see all of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    fd = open_guarded(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    partial.replace(path)
