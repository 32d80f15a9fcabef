"""Seeing one run after another through, from its start to its end."""

import math

import anyio
import anyio.lowlevel

from ...executors.base import RunEnd, RunHandle, Slot
from .active import ActiveRun, ActiveRuns
from .attempts import Attempt
from .run_ends import RunEnds
from .starting.starter import RunStarter

_LEAST_LOOK_S = 0.2


class Runner:
    """What a slot of the pool does with an attempt.

    Args:
        timeout_s: a run that takes longer, counted from the start of its process, is stopped.
    """

    def __init__(
        self, starter: RunStarter, ends: RunEnds, active: ActiveRuns, timeout_s: float | None
    ) -> None:
        self._starter = starter
        self._ends = ends
        self._active = active
        self._timeout_s = timeout_s

    async def run(self, attempt: Attempt, slot: Slot) -> None:
        """Run one attempt to its end."""
        run = await self._starter.start(attempt, slot)
        if run is None:
            await anyio.lowlevel.checkpoint()
        else:
            await self.see_through(run)

    async def see_through(self, run: ActiveRun) -> None:
        """Wait for a run's end, and record it. A cancelled wait ends the run at once."""
        handle = run.handle
        assert handle is not None
        try:
            await self._starter.wait_started(run, handle)
            end = await self._wait_in_time(run, handle)
        except BaseException:
            run.stopping = run.stopping or "interrupted"
            handle.kill()
            with anyio.CancelScope(shield=True):
                self._ends.close(run, await handle.wait())
            raise
        self._ends.close(run, end)

    async def _wait_in_time(self, run: ActiveRun, handle: RunHandle) -> RunEnd:
        if self._timeout_s is None:
            return await handle.wait()
        while (left_s := self._left_s(run)) > 0:
            with anyio.move_on_after(max(left_s, _LEAST_LOOK_S)):
                return await handle.wait()
        self._active.stop(run, "timeout")
        return await handle.wait()

    def _left_s(self, run: ActiveRun) -> float:
        """How long it may still run. The time in which its engine suspended it does not count."""
        if self._timeout_s is None or run.started_at is None:
            return math.inf
        return self._timeout_s - self._active.ran_for_s(run)
