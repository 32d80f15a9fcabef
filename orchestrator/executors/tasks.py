"""The tasks of an engine from entering to leaving it, shared by engines that work in tasks."""

from types import TracebackType
from typing import Self

import anyio
import anyio.abc


class WithTasks:
    """An engine that works in tasks while it is entered."""

    _tasks: anyio.abc.TaskGroup | None = None

    def _start_tasks(self, tasks: anyio.abc.TaskGroup) -> None:
        """Begin to work. The tasks are cancelled when the engine is left."""

    async def _prepare(self) -> None:
        """What comes before the tasks. Where it fails, the engine is not entered."""

    async def _finish(self) -> None:
        """What is to be done once the tasks have ended, however that came about."""

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
