"""Runs as processes of this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from ..process import AdoptedGroup, ProcessGroup, Supervisor
from ..process_records import ProcessRecord, read_processes
from ..resources import gpu_variable, thread_limits, usable_cpus, visible_gpus
from .base import RunCommand, Slot


class LocalExecutor:
    """A pool of slots on this machine; each run is a process group of its own.

    Args:
        n_workers: how many slots; by default one for each GPU, otherwise for each usable CPU.
        environment: what runs inherit; by default this process's.
    """

    def __init__(
        self, n_workers: int | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        self._supervisor = Supervisor()
        gpus = visible_gpus(self._environment)
        n_cpus = usable_cpus()
        count = n_workers or len(gpus) or n_cpus
        limits = thread_limits(self._environment, n_cpus, count)
        self.slots = tuple(
            Slot(index, {**limits, **self._gpu(gpus, index)}) for index in range(count)
        )

    def start(self, command: RunCommand, slot: Slot) -> ProcessGroup:
        environment = {**self._environment, **slot.environment, **command.environment}
        return self._supervisor.start(
            command.arguments, command.folder, environment, command.output_path,
            command.record_path, command.marker, command.tag,
        )  # fmt: skip

    def adopt(self, record: ProcessRecord, marker: str, record_path: Path) -> AdoptedGroup:
        def find_exit_code() -> int | None:
            found = read_processes(record_path).get(record.name)
            return None if found is None else found.exit_code

        return AdoptedGroup(record.pid, record.identity, record.started_at, marker, find_exit_code)

    def open(self) -> None:
        self._supervisor.open()

    def close(self) -> None:
        self._supervisor.close()

    def _gpu(self, gpus: list[str], index: int) -> dict[str, str]:
        """With more slots than GPUs the slots share them in turn."""
        return {gpu_variable(self._environment): gpus[index % len(gpus)]} if gpus else {}
