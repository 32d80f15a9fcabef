"""The files for Slurm in a sweep's folder. No other module knows their names.

SWEEP/.slurm/
  runner-HASH.zip           the program in each job; a copy, as jobs may wait for days
  RUN.json                  the request to start a run (only this user may read it)
  RUN.processes.jsonl       the record of the run (writer: the job alone)
  RUN.out                   the output of the job itself: setup lines, and errors
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
from ml_tracking_ops.logger.file_systems import is_on_network
from ml_tracking_ops.logger.guarded import open_guarded

from ...store.files.output_tail import last_lines
from ..base import RunCommand
from ..runner_archive import runner_archive, runner_name
from ..thread_variables import THREAD_VARIABLES

_JOB_STARTED = json.dumps({"event": "job_started"})
_SETUP_ENDED = 'printf "%s\\n" "{\\"event\\": \\"setup_ended\\", \\"exit_code\\": $?}"'
_TAIL_LINES = 5


class SlurmFiles:
    """The files for Slurm of one sweep.

    Args:
        folder: the sweep's.

    Attributes:
        is_on_network: whether other machines write there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / paths.SLURM_NAME
        digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
        self.is_on_network = is_on_network(folder)
        self._prefix = f"mlto-{digest}-"
        self._writing = threading.Lock()

    def job_name(self, run: str) -> str:
        """Return the name of a run's job: unique to the attempt, and to the path of the sweep."""
        return f"{self._prefix}{run}"

    def record_path(self, run: str) -> Path:
        return self.folder / f"{run}{paths.RUN_PROCESSES_SUFFIX}"

    def spec_path(self, run: str) -> Path:
        return self.folder / f"{run}.json"

    def output_path(self, run: str) -> Path:
        return self.folder / f"{run}.out"

    def prepare(self, command: RunCommand, more: dict[str, Any], python: str | None) -> None:
        """Write what the job of a run needs. Watched files are created before they are watched.

        Args:
            more: what the runner gets besides the command.

        Raises:
            OSError: it cannot be written.
        """
        self.folder.mkdir(mode=paths.FOLDER_MODE, exist_ok=True)
        runner_path = self.folder / runner_name()
        with self._writing:  # if several start at once, the first one copies the runner
            if not runner_path.exists():
                _write(runner_path, runner_archive(), paths.FILE_MODE)
        for path in (self.record_path(command.name), command.output_path):
            os.close(open_guarded(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        spec = json.dumps(
            {**_spec(command, python), **more, "record": str(self.record_path(command.name))}
        )
        _write(self.spec_path(command.name), spec.encode(), paths.PRIVATE_MODE)

    def script(self, run: str, setup: Sequence[str], python: str | None) -> str:
        """Return the batch script: setup lines, and the runner in place of the shell.

        A shell that is not replaced by the runner records its exit code.
        """
        record = shlex.quote(str(self.record_path(run)))
        program = [python or sys.executable, "-I", "-S", str(self.folder / runner_name())]
        lines = [
            "#!/bin/sh",
            "trap '' USR1",
            f"printf '%s\\n' {shlex.quote(_JOB_STARTED)} >> {record}",
            f"trap {shlex.quote(f'{_SETUP_ENDED} >> {record}')} EXIT",
            *setup,
            f"exec {shlex.join([*program, str(self.spec_path(run))])}",
        ]
        return "\n".join(lines) + "\n"

    def give_up(self, run: str) -> None:
        """Make sure that a job of this run that still starts finds nothing to do."""
        self.spec_path(run).unlink(missing_ok=True)

    def last_output(self, run: str) -> str:
        """Return the last output of a job, on one line."""
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
