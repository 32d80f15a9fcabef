"""A run as a process group of this machine, as the scheduler sees it."""

from collections.abc import Callable
from dataclasses import replace

import anyio.lowlevel

from ml_tracking_ops.logger import os_files

from ...store.files.run_refs import process_ref
from ..base import RunEnd, RunStart, end_by_exit_code, was_killed
from .leases import Lease
from .memory_kills import MemoryKills
from .process_group import AdoptedGroup, ProcessGroup


class LocalRun:
    """A process group that has started, here or under an earlier orchestrator."""

    def __init__(
        self,
        group: ProcessGroup | AdoptedGroup,
        memory_kills: MemoryKills,
        gpus: tuple[str, ...] = (),
        ended_at: float | None = None,
        lease: Lease | None = None,
    ) -> None:
        self.pid = group.pid
        self.ref = process_ref(group.pid, group.identity)
        self.start = RunStart(group.started_at, os_files.host_name(), gpus)
        self._group = group
        self._memory_kills = memory_kills
        self._ended_at = ended_at
        self._lease = lease
        self._end: RunEnd | None = None

    async def wait_started(self, report: Callable[[str], None]) -> RunStart:
        await anyio.lowlevel.checkpoint()
        return self.start

    async def wait(self) -> RunEnd:
        exit_code = await self._group.wait()
        if self._end is None:
            self._end = self._ended(exit_code)
            if self._lease is not None:
                self._lease.give_back()
        return self._end

    def _ended(self, exit_code: int | None) -> RunEnd:
        end = end_by_exit_code(exit_code, self._group.left_running)
        if was_killed(exit_code) and self._memory_kills.take_one():
            end = replace(end, cause="out_of_memory")
        return end if self._ended_at is None else replace(end, at=self._ended_at)

    async def stop(self, grace_s: float) -> None:
        await self._group.stop(grace_s)

    def kill(self) -> None:
        self._group.kill()
