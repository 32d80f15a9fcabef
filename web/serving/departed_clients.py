"""End work when the client that requested it has gone.

A request without a body is watched: when its connection ends, the work for it is cancelled. Worker
threads are not interrupted. Long work in them calls `anyio.from_thread.check_cancelled` now and
then (`end_if_cancelled`, called by `logger.bounded_reading`).
"""

from contextlib import suppress

import anyio
import anyio.from_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_WITHOUT_BODY = ("GET", "HEAD")


def end_if_cancelled() -> None:
    """End the work of a worker thread whose task was cancelled. Elsewhere do nothing."""
    with suppress(RuntimeError):  # this is not a worker thread
        anyio.from_thread.check_cancelled()


class EndWithClient:
    """Cancels the work for a request whose client has gone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WITHOUT_BODY:
            await self.app(scope, receive, send)
            return
        has_gone = anyio.Event()
        is_read = False

        async def receive_again() -> Message:
            nonlocal is_read
            if not is_read:
                is_read = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await has_gone.wait()
            return {"type": "http.disconnect"}

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            has_gone.set()
            tasks.cancel_scope.cancel()

        error: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            try:
                await self.app(scope, receive_again, send)
            except Exception as raised:  # noqa: BLE001 - raised again below, in no group
                error = raised
            tasks.cancel_scope.cancel()
        if error is not None:
            raise error
