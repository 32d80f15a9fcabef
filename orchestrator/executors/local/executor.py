"""Runs as processes of this machine."""

import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

import anyio
import anyio.to_thread

from ...errors import UsageError
from ...store.files.run_refs import LOCAL
from ..base import EngineNotices, ReattachedRun, RecordedRun, RunCommand, Slot
from .cpus import thread_limits, usable_cpus
from .finding import ProcessFinder
from .gpus import find_gpus, free_memory_bytes
from .leases import Lease
from .memory_kills import MemoryKills
from .places import SweepLeases
from .process_group import LEFTOVER_GRACE_S, ProcessGroup, TerminationSettings
from .run import LocalRun
from .supervisor_client import SupervisorClient

_BYTES_PER_GB = 10**9


class LocalExecutor:
    """A pool of slots on this machine. Each run is a process group of its own.

    Args:
        n_workers: how many slots, by default as many as the GPUs can hold, otherwise one for each
            usable CPU.
        environment: what runs inherit, by default this process's.
        gpus_per_run: how many GPUs a slot owns, if there are any. With 0 runs see none.
        runs_per_gpu: how many slots share a GPU.
        min_free_gpu_memory_gb: what each of a slot's GPUs must have free before a start.
        max_runs_on_machine: how many runs of all sweeps there may be once one has started.
        stop_signal: the name of the signal that asks a run to end.
        leftover_grace_s: how long processes that a script left running may take to end.

    Raises:
        UsageError: there are GPUs, but fewer than a run needs.
    """

    name = LOCAL
    queues = False

    def __init__(
        self,
        n_workers: int | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        gpus_per_run: int = 1,
        runs_per_gpu: int = 1,
        min_free_gpu_memory_gb: float | None = None,
        max_runs_on_machine: int | None = None,
        stop_signal: str = "SIGTERM",
        leftover_grace_s: float = LEFTOVER_GRACE_S,
    ) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        self._supervisor = SupervisorClient()
        self._in_order = anyio.Lock(fast_acquire=True)
        self._stopping = TerminationSettings(signal.Signals[stop_signal], leftover_grace_s)
        self._memory_kills = MemoryKills()
        self._min_free_gb = min_free_gpu_memory_gb
        self.may_lack = min_free_gpu_memory_gb is not None
        self._gpus = find_gpus(self._environment)
        self._shares = share_gpus(self._gpus.names, gpus_per_run, runs_per_gpu)
        self._places = SweepLeases(tuple(self._shares), runs_per_gpu, max_runs_on_machine)
        self.resize(n_workers or len(self._shares) or usable_cpus())

    def resize(self, n_slots: int) -> None:
        limits = thread_limits(self._environment, usable_cpus(), n_slots)
        shares = self._shares
        # with more slots than the GPUs can hold, the slots share them in turn
        owned = [shares[index % len(shares)] if shares else () for index in range(n_slots)]
        self.slots = tuple(
            Slot(index, {**limits, **self._gpus.environment(own)}, own)
            for index, own in enumerate(owned)
        )

    def report_to(self, notices: EngineNotices) -> None:
        if self._places.trouble is not None:
            notices.warn_once("places", self._places.trouble)

    async def shortage(self, slot: Slot) -> str | None:
        if self._min_free_gb is None:
            return None
        return await anyio.to_thread.run_sync(self._lack_of_memory, slot, self._min_free_gb)

    def _lack_of_memory(self, slot: Slot, min_free_gb: float) -> str | None:
        for gpu in slot.gpus:
            free = free_memory_bytes(gpu)
            if free is not None and free < min_free_gb * _BYTES_PER_GB:
                return (
                    f"GPU {gpu} has {free / _BYTES_PER_GB:.1f} GB free, less than "
                    f"min_free_gpu_memory_gb = {min_free_gb:g}"
                )
        return None

    async def submit(self, command: RunCommand, slot: Slot) -> LocalRun:
        async with self._in_order:  # of the runs' indices, as in the journal
            gpus, lease = await self._take_places(command, slot)
            try:
                group = await self._start(command, slot, gpus)
            except BaseException:
                if lease is not None:
                    lease.give_back()
                raise
            if lease is not None:
                lease.belongs_to(group.pid, group.identity)
            return LocalRun(group, self._memory_kills, gpus, lease=lease)

    async def _take_places(
        self, command: RunCommand, slot: Slot
    ) -> tuple[tuple[str, ...], Lease | None]:
        """Return the GPUs that the run gets, and its lease."""
        n_sharing = sum(slot.gpus == other.gpus for other in self.slots)
        may_move = self._min_free_gb is None
        take = partial(self._places.take, command, slot, n_sharing, may_move=may_move)
        return await anyio.to_thread.run_sync(take) if self._places.may_wait else take()

    async def _start(self, command: RunCommand, slot: Slot, gpus: tuple[str, ...]) -> ProcessGroup:
        own = {**slot.environment, **self._gpus.environment(gpus)}
        return await self._supervisor.start(
            command.arguments,
            command.folder,
            {**self._environment, **own, **command.environment},
            command.output_path,
            command.record_path,
            command.marker,
            command.tag,
            self._stopping,
        )

    async def find(self, folder: Path, known: Iterable[RecordedRun]) -> dict[str, ReattachedRun]:
        finder = ProcessFinder(folder, self._stopping, self._memory_kills)
        return await anyio.to_thread.run_sync(finder.find, tuple(known))

    async def end_strays(self, folder: Path, is_known: Callable[[int], bool]) -> None:
        finder = ProcessFinder(folder, self._stopping, self._memory_kills)
        await anyio.to_thread.run_sync(finder.end_strays, is_known)

    async def __aenter__(self) -> "LocalExecutor":
        await anyio.to_thread.run_sync(self._supervisor.open)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._places.stop_waiting()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._supervisor.close)


def share_gpus(names: Sequence[str], gpus_per_run: int, runs_per_gpu: int) -> list[tuple[str, ...]]:
    """Return what each slot owns. Every GPU is used once before one is used a second time.

    Raises:
        UsageError: there are GPUs, but fewer than a run needs.
    """
    if not names or not gpus_per_run:
        return []
    if gpus_per_run > len(names):
        raise UsageError(
            f"gpus_per_run is {gpus_per_run}, but there are {len(names)} GPUs to be used "
            f"({', '.join(names)})"
        )
    n_groups = len(names) // gpus_per_run
    groups = [tuple(names[n * gpus_per_run : (n + 1) * gpus_per_run]) for n in range(n_groups)]
    return groups * runs_per_gpu
