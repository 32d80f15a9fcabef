"""Notice when no request waits for an answer, for work that can wait."""

import math

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Activity:
    """How many requests wait for the beginning of their answer. A live stream has begun its own."""

    def __init__(self) -> None:
        self._n_waiting = 0
        self._all_answered = anyio.Event()
        self._answered_at = -math.inf

    async def wait_until_quiet(self, for_s: float = 0.0) -> None:
        """Wait until at least one request has come, and then no other for this many seconds."""
        while True:
            await self._all_answered.wait()
            left_s = self._answered_at + for_s - anyio.current_time()
            if left_s <= 0 and self._all_answered.is_set():
                return
            await anyio.sleep(max(0.0, left_s))

    def begin(self) -> None:
        """Count a request that waits from now on."""
        self._n_waiting += 1
        if self._all_answered.is_set():
            self._all_answered = anyio.Event()

    def end(self) -> None:
        """Count a request that has got its answer."""
        self._n_waiting -= 1
        if not self._n_waiting:
            self._answered_at = anyio.current_time()
            self._all_answered.set()


class CountWaiting:
    """Counts the requests that wait for their answers."""

    def __init__(self, app: ASGIApp, activity: Activity) -> None:
        self.app = app
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_waiting = True

        async def send_and_note(message: Message) -> None:
            nonlocal is_waiting
            await send(message)
            if is_waiting:
                is_waiting = False
                self._activity.end()

        self._activity.begin()
        try:
            await self.app(scope, receive, send_and_note)
        finally:
            if is_waiting:
                self._activity.end()
