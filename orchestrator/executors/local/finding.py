"""Find processes that an earlier orchestrator started, by the record of its supervisor."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ml_tracking_ops.logger import os_files, paths

from ...store.files.run_refs import process_of
from ...store.process_records import ProcessRecord, read_processes
from ...supervision.process_table import environment_of, is_alive
from ..base import ReattachedRun, RecordedRun, Standing
from .memory_kills import MemoryKills
from .process_group import AdoptedGroup, TerminationSettings
from .run import LocalRun


def is_process_of_run(record: ProcessRecord) -> bool:
    """Return whether a recorded process is alive, and was started by a sweep for this run.

    Numbers in a folder may be forged: a process that was started for something else is not ours. If
    its environment cannot be read, or was overwritten, the numbers must suffice.
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


class ProcessFinder:
    """Finds the processes of one sweep again.

    Args:
        folder: the sweep's.
    """

    def __init__(
        self, folder: Path, stopping: TerminationSettings, memory_kills: MemoryKills
    ) -> None:
        self._folder = folder
        self._stopping = stopping
        self._memory_kills = memory_kills

    def find(self, known: Sequence[RecordedRun]) -> dict[str, ReattachedRun]:
        """Return all of these runs by name, each with its current state."""
        records = read_processes(self._record_path) if known else {}
        return {run.name: self._found(records.get(run.name) or _unrecorded(run)) for run in known}

    def end_strays(self, is_known: Callable[[int], bool]) -> None:
        """Kill the processes of runs with an unknown index."""
        for record in read_processes(self._record_path).values():
            if (
                record.exit_code is None
                and not is_known(record.index)
                and is_process_of_run(record)
            ):
                self._adopt(record).kill()

    @property
    def _record_path(self) -> Path:
        return self._folder / paths.PROCESSES_NAME

    def _found(self, record: ProcessRecord) -> ReattachedRun:
        is_running = record.exit_code is None and is_process_of_run(record)
        run = LocalRun(self._adopt(record), self._memory_kills, ended_at=record.ended_at)
        standing: Standing = "started" if is_running else "ended"
        return ReattachedRun(run, standing, record.slot, record.ended_at)

    def _adopt(self, record: ProcessRecord) -> AdoptedGroup:
        def find_exit_code() -> int | None:
            found = read_processes(self._record_path).get(record.name)
            return None if found is None else found.exit_code

        dat_path = self._folder / f"{record.name}{paths.DAT_SUFFIX}"
        return AdoptedGroup(
            record.pid,
            record.identity,
            record.started_at,
            f"{paths.RUN_FILE_VARIABLE}={dat_path}",
            find_exit_code,
            stopping=self._stopping,
        )


def _unrecorded(run: RecordedRun) -> ProcessRecord:
    """Return the run of a process whose own record is lost, as far as the journal records it."""
    pid, identity = process_of(run.ref) or (0, None)
    return ProcessRecord(run.name, 0, 0, run.slot, pid, identity, run.started_at or 0.0)
