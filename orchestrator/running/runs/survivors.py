"""Runs that an earlier orchestrator started and nobody saw end."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ml_tracking_ops.logger import os_files, paths

from ...executors.base import Executor, RunningRun
from ...stopping import StopDecision
from ...store.process_records import ProcessRecord
from ...supervision.process_table import environment_of, is_alive
from .attempts import Attempt


@dataclass(frozen=True)
class Survivor:
    """A run that nobody saw end: its process may still be there."""

    attempt: Attempt
    record: ProcessRecord
    is_alive: bool
    decision: StopDecision | Literal["by hand"] | None


def is_ours(record: ProcessRecord) -> bool:
    """Whether the process on record is alive, and one that a sweep started for this run.

    Numbers in a folder may be forged: a process that was started for something else is none of
    ours. Where its environment cannot be read, or was overwritten, the numbers have to do.
    """
    if not is_alive(record.pid, record.identity):
        return False
    environment = environment_of(record.pid)
    if not any(variable.startswith((b"PATH=", b"HOME=")) for variable in environment):
        return not environment or _is_this_users(record.pid)
    start = f"{paths.RUN_FILE_VARIABLE}=".encode()
    name = f"/{record.name}{paths.DAT_SUFFIX}".encode()
    return any(one.startswith(start) and one.endswith(name) for one in environment)


def _is_this_users(pid: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}").st_uid == os_files.user_id()  # noqa: PTH116
    except OSError:
        return False


def take_over(executor: Executor, folder: Path, record: ProcessRecord) -> RunningRun:
    """Go on with a run that an earlier orchestrator started."""
    dat_path = folder / f"{record.name}{paths.DAT_SUFFIX}"
    marker = f"{paths.RUN_FILE_VARIABLE}={dat_path}"
    return executor.adopt(record, marker, folder / paths.PROCESSES_NAME)
