"""The worker pool: slots that run one attempt after the other. Their number may change."""

import math
from collections.abc import Sequence

import anyio
import anyio.abc

from ..config.model import SweepConfig
from ..executors.base import Executor
from .next_runs import NextRuns
from .promotions import Promotions
from .runs.active import ActiveRun, ActiveRuns
from .runs.attempts import Attempt, AttemptQueue
from .runs.recorder import ChangeSignal, Recorder
from .runs.runner import Runner
from .runs.sweep_ending import SweepEnding

ASK_FOR_ROOM_S = 1.0


class Pool:
    """Gives each slot what is due, else a new run, until nothing is left to do.

    Args:
        next_runs: returns new runs. `promotions`: paused runs that continue before these.
            `waiting`: attempts that come first.
        runner: runs an attempt in a slot.
    """

    def __init__(
        self,
        config: SweepConfig,
        executor: Executor,
        next_runs: NextRuns,
        promotions: Promotions,
        waiting: AttemptQueue,
        runner: Runner,
        active: ActiveRuns,
        ending: SweepEnding,
        recorder: Recorder,
        changes: ChangeSignal,
    ) -> None:
        self._executor = executor
        self._next_runs = next_runs
        self._promotions = promotions
        self._waiting = waiting
        self._runner = runner
        self._active = active
        self._ending = ending
        self._recorder = recorder
        self._changes = changes
        self._most_runs = config.most_runs
        # if so, check before each start whether the slot has what a run needs
        self._needs_room = executor.may_lack
        self._filled: set[int] = set()
        self._tasks: anyio.abc.TaskGroup | None = None

    @property
    def n_slots(self) -> int:
        """How many slots are used."""
        return min(len(self._executor.slots), self._most_runs)

    def begin(self, tasks: anyio.abc.TaskGroup, adopted: Sequence[Sequence[ActiveRun]]) -> None:
        """Start all slots, each in a task. `adopted` are the runs that they already have."""
        self._tasks = tasks
        for index, mine in enumerate(adopted):
            self._filled.add(index)
            tasks.start_soon(self._fill, index, mine)

    def resize(self, n_workers: int) -> None:
        """Change the number of slots. Excess slots end with their current run."""
        self._executor.resize(n_workers)
        self.refill()

    def refill(self) -> None:
        """Restart slots that had nothing left to do."""
        for index in range(self.n_slots):
            if index not in self._filled and self._tasks is not None:
                self._filled.add(index)
                self._tasks.start_soon(self._fill, index, ())
        self._changes.note()

    def run_again(self, index: int) -> None:
        """Queue a run that the record holds as pending."""
        if self._tasks is None:
            return  # it is among the remaining work
        run = self._recorder.record.runs[index]
        self._waiting.drop(index)  # an interrupted run already waits
        self._waiting.add(Attempt(index, run.hyperparameters, run.attempt, run.n_failed))
        self.refill()

    def unqueue(self, index: int) -> None:
        """Remove a waiting run from the queue."""
        self._waiting.drop(index)
        self._changes.note()  # if nothing else is left to do, the sweep is over

    async def _fill(self, index: int, adopted: Sequence[ActiveRun]) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                for run in adopted:
                    tasks.start_soon(self._runner.see_through, run)
            while await self._has_room(index):
                attempt = await self._next_attempt(index)
                if attempt is None:
                    return
                await self._runner.run(attempt, self._executor.slots[index])
        finally:
            self._filled.discard(index)

    def _is_wanted(self, index: int) -> bool:
        return index < self.n_slots and not self._ending.has_begun

    async def _has_room(self, index: int) -> bool:
        """Wait until a slot has what a run needs. Returns False if there is no work left before."""
        while self._is_wanted(index):
            if not self._needs_room or not self._may_start_more():
                return True
            slot = self._executor.slots[index]
            shortage = await self._executor.shortage(slot)
            if shortage is None:
                return self._is_wanted(index)
            self._recorder.warn_once("room", f"{shortage}. Runs wait until there is room")
            with anyio.move_on_after(ASK_FOR_ROOM_S):
                await self._changes.wait()
        return False

    def _may_start_more(self) -> bool:
        may_promote = self._promotions.are_possible and bool(self._active)
        return bool(self._waiting) or self._next_runs.may_have_more or may_promote

    async def _next_attempt(self, index: int) -> Attempt | None:
        """Return what to start next: what is due, else a new run, or None if all is done."""
        while self._is_wanted(index):
            if self._recorder.record.is_paused:
                if not self._may_start_more() and not self._active:
                    return None
                await self._changes.wait()
                continue
            if (waiting := self._waiting.take(anyio.current_time())) is not None:
                if not self._is_obsolete(waiting):
                    return waiting
                continue
            if self._waiting.is_in_line:
                await self._wait_for_change()
                continue
            attempt = self._next_promotion() or await self._next_runs.next_attempt()
            if isinstance(attempt, Attempt):
                if self._is_wanted(index) and not self._recorder.record.is_paused:
                    return attempt
                self._waiting.add(attempt)  # the state changed while the sampler was working
                self.refill()
                continue
            may_have_more = attempt is not None or self._promotions.are_possible
            if not self._waiting and not (may_have_more and self._active):
                return self._last_promotion()  # no run is left that could end
            await self._wait_for_change()
        return None

    def _next_promotion(self) -> Attempt | None:
        """Return a paused run that is to continue, or none if the search is over."""
        return None if self._ending.is_search_over else self._promotions.next_attempt()

    def _last_promotion(self) -> Attempt | None:
        return None if self._ending.is_search_over else self._promotions.last_attempt()

    def _is_obsolete(self, attempt: Attempt) -> bool:
        """Return whether a waiting run belongs to a search that is over, so that only leaders run
        again."""
        run = self._recorder.record.runs[attempt.index]
        return self._ending.is_search_over and not run.is_confirming and not run.waits_again

    async def _wait_for_change(self) -> None:
        """Wait until a run ends, the sweep stops, or an attempt falls due."""
        due = self._waiting.next_due
        with anyio.move_on_after(math.inf if due is None else due - anyio.current_time()):
            await self._changes.wait()
