"""Runs that an earlier orchestrator started and nobody saw end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ml_tracking_ops.logger import paths

from ...executors.base import Executor, RunningRun
from ...stopping import StopDecision
from ...store.process_records import ProcessRecord
from .attempts import Attempt


@dataclass(frozen=True)
class Survivor:
    """A run that nobody saw end: its process may still be there."""

    attempt: Attempt
    record: ProcessRecord
    is_alive: bool
    decision: StopDecision | Literal["by hand"] | None


def take_over(executor: Executor, folder: Path, record: ProcessRecord) -> RunningRun:
    """Go on with a run that an earlier orchestrator started."""
    dat_path = folder / f"{record.name}{paths.DAT_SUFFIX}"
    marker = f"{paths.RUN_FILE_VARIABLE}={dat_path}"
    return executor.adopt(record, marker, folder / paths.PROCESSES_NAME)
