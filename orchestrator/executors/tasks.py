"""The tasks of an engine while it is entered, shared by engines that work in tasks."""

from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self, TypeVar

import anyio
import anyio.abc
import anyio.lowlevel

_AT_A_TURN = 16
T = TypeVar("T")


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Iterate, and let other tasks have their turn after a few of the items."""
    for n, item in enumerate(items, 1):
        yield item
        if n % _AT_A_TURN == 0:
            await anyio.lowlevel.checkpoint()


class WithTasks:
    """An engine that works in tasks while it is entered."""

    _tasks: anyio.abc.TaskGroup | None = None

    def _start_tasks(self, tasks: anyio.abc.TaskGroup) -> None:
        """Start the tasks. They are cancelled when the engine is left."""

    async def _prepare(self) -> None:
        """Prepare before the tasks start. If this fails, the engine is not entered."""

    async def _finish(self) -> None:
        """Finish after the tasks have ended, for whatever reason."""

    async def __aenter__(self) -> Self:
        await self._prepare()
        self._tasks = await anyio.create_task_group().__aenter__()
        self._start_tasks(self._tasks)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._tasks is not None
        self._tasks.cancel_scope.cancel()
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            with anyio.CancelScope(shield=True):
                await self._finish()
