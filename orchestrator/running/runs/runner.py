"""Follow one run from its start to its end."""

import math

import anyio
import anyio.lowlevel

from ...executors.base import RunHandle, Slot
from .active import ActiveRun, ActiveRuns
from .attempts import Attempt
from .run_ends import RunEnds
from .starting.starter import RunStarter

_LEAST_LOOK_S = 0.2


class Runner:
    """Runs an attempt in a slot of the pool.

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
        """Wait for a run's end, and record it. If the wait is cancelled, end the run at once."""
        handle = run.handle
        assert handle is not None
        try:
            await self._starter.wait_started(run, handle)
            await self._wait_in_time(run, handle)
            await self._ends.wait_until_readable(run)
        except BaseException:
            run.stopping = run.stopping or "interrupted"
            handle.kill()
            await self._close(run, handle)
            raise
        await self._close(run, handle)

    async def _close(self, run: ActiveRun, handle: RunHandle) -> None:
        """Record a run's end, once it has ended and all that it logged has been read."""
        with anyio.CancelScope(shield=True):
            end = await handle.wait()
            run.is_over = True
            await run.monitor.catch_up()
            self._ends.close(run, end)

    async def _wait_in_time(self, run: ActiveRun, handle: RunHandle) -> None:
        while self._timeout_s is not None and (left_s := self._left_s(run)) > 0:
            with anyio.move_on_after(max(left_s, _LEAST_LOOK_S)):
                await handle.wait()
                return
        if self._timeout_s is not None:
            self._active.stop(run, "timeout")
        await handle.wait()

    def _left_s(self, run: ActiveRun) -> float:
        """Return how long it may still run, not counting time in which its engine suspended it."""
        if self._timeout_s is None or run.started_at is None:
            return math.inf
        return self._timeout_s - self._active.ran_for_s(run)
