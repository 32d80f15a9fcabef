"""The worker pool: slots that take one attempt after the other, in a number that may change."""

import math
from collections.abc import Sequence
from typing import Protocol

import anyio
import anyio.abc
import anyio.to_thread

from ..executors.base import Executor, Slot
from .attempts import ActiveRun, Attempt
from .backlog import Backlog
from .draws import Draws

ASK_FOR_ROOM_S = 1.0


class PooledSweep(Protocol):
    """What the slots ask of the sweep that they work for."""

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is to be started, ever."""

    @property
    def is_paused(self) -> bool:
        """Whether nothing more is to be started for now."""

    @property
    def has_active_runs(self) -> bool:
        """Whether runs go on, whose end may bring more to do."""

    async def run_attempt(self, attempt: Attempt, slot: Slot) -> None:
        """Run one attempt to its end."""

    async def see_through(self, run: ActiveRun) -> None:
        """Wait for the end of a run that goes on already."""

    def warn_of_shortage(self, shortage: str) -> None:
        """Say why runs wait."""


class Pool:
    """Gives each slot what is due, else a new run, until there is nothing left to do.

    Args:
        max_runs: no more new runs than this; more slots than that stay empty.
        needs_room: a slot is asked before each start whether it has what a run needs.
    """

    def __init__(
        self,
        sweep: PooledSweep,
        executor: Executor,
        draws: Draws,
        waiting: Backlog,
        max_runs: int,
        *,
        needs_room: bool,
    ) -> None:
        self._sweep = sweep
        self._executor = executor
        self._draws = draws
        self._waiting = waiting
        self._max_runs = max_runs
        self._needs_room = needs_room
        self._filled: set[int] = set()
        self._tasks: anyio.abc.TaskGroup | None = None

    @property
    def n_slots(self) -> int:
        """How many slots are used."""
        return min(len(self._executor.slots), self._max_runs)

    @property
    def has_begun(self) -> bool:
        return self._tasks is not None

    def begin(self, tasks: anyio.abc.TaskGroup, adopted: Sequence[Sequence[ActiveRun]]) -> None:
        """Let every slot work, in a task each; `adopted` are the runs that it has already."""
        self._tasks = tasks
        for index, mine in enumerate(adopted):
            self._filled.add(index)
            tasks.start_soon(self._fill, index, mine)

    def resize(self, n_workers: int) -> None:
        """Work with so many slots; those too many end with the run that they have."""
        self._executor.resize(n_workers)
        self.refill()

    def refill(self) -> None:
        """Let slots work again that had nothing left to do."""
        for index in range(self.n_slots):
            if index not in self._filled and self._tasks is not None:
                self._filled.add(index)
                self._tasks.start_soon(self._fill, index, ())
        self._draws.note_change()

    async def _fill(self, index: int, adopted: Sequence[ActiveRun]) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                for run in adopted:
                    tasks.start_soon(self._sweep.see_through, run)
            while await self._has_room(index):
                attempt = await self._next_attempt(index)
                if attempt is None:
                    return
                await self._sweep.run_attempt(attempt, self._executor.slots[index])
        finally:
            self._filled.discard(index)

    def _is_wanted(self, index: int) -> bool:
        return index < self.n_slots and not self._sweep.is_ending

    async def _has_room(self, index: int) -> bool:
        """Wait until a slot has what a run needs; False where it has no work before."""
        while self._is_wanted(index):
            if not self._needs_room or not self._may_start_more():
                return True
            slot = self._executor.slots[index]
            shortage = await anyio.to_thread.run_sync(self._executor.shortage, slot)
            if shortage is None:
                return self._is_wanted(index)
            self._sweep.warn_of_shortage(shortage)
            with anyio.move_on_after(ASK_FOR_ROOM_S):
                await self._draws.wait_for_change()
        return False

    def _may_start_more(self) -> bool:
        has_draws = self._draws.next_index <= self._max_runs
        return bool(self._waiting) or (has_draws and self._draws.why_exhausted is None)

    async def _next_attempt(self, index: int) -> Attempt | None:
        """What to start next: what is due, else a new run; None where all is done."""
        while self._is_wanted(index):
            if self._sweep.is_paused:
                if not self._may_start_more() and not self._sweep.has_active_runs:
                    return None
                await self._draws.wait_for_change()
                continue
            if (waiting := self._waiting.take(anyio.current_time())) is not None:
                return waiting
            attempt = await self._draws.next_attempt()
            if isinstance(attempt, Attempt):
                if self._is_wanted(index) and not self._sweep.is_paused:
                    return attempt
                self._waiting.add(attempt)  # things changed while the sampler thought
                self.refill()
                continue
            if not self._waiting and (attempt is None or not self._sweep.has_active_runs):
                return None  # nothing is left that could end
            await self._wait_for_change()
        return None

    async def _wait_for_change(self) -> None:
        """Wait until a run ends, the sweep stops, or an attempt falls due."""
        due = self._waiting.next_due
        with anyio.move_on_after(math.inf if due is None else due - anyio.current_time()):
            await self._draws.wait_for_change()
