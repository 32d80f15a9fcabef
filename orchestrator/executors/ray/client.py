"""The orchestrator's end of the driver: starts it, sends requests, and restarts it if it dies."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

import anyio
import anyio.abc

from ...errors import UsageError
from ...supervision.os_processes import SIGKILL

RayEvent = Mapping[str, Any]
_MODULE = f"{__package__}.driver"
_AGAIN_S = (1.0, 5.0, 15.0, 45.0)
_LINE_BYTES = 1 << 20
_END_S = 10.0


class DriverClient:
    """Runs one driver after the other, as long as the sweep runs.

    Args:
        take_in: called with each event, in the event loop.
        rejoin: returns the requests with which a restarted driver begins.
        give_up: called with the reason once Ray has not been reached for about a minute.
        warn: warns users of a problem, once for each kind.
    """

    def __init__(
        self,
        take_in: Callable[[RayEvent], None],
        rejoin: Callable[[], list[RayEvent]],
        give_up: Callable[[str], None],
        warn: Callable[[str, str], None],
        command: tuple[str, ...] = (sys.executable, "-m", _MODULE),
    ) -> None:
        self._take_in = take_in
        self._rejoin = rejoin
        self._give_up = give_up
        self._warn = warn
        self._command = command
        self._process: anyio.abc.Process | None = None
        self._settings = self._cluster = ""
        self._was_killed = False

    async def start(self, settings: RayEvent) -> str:
        """Start the first driver, and return its description of the cluster.

        Raises:
            UsageError: it cannot connect. The message explains why.
        """
        self._settings = json.dumps(settings)
        message = await self._begin()
        if message is not None and self._was_killed:
            message = await self._begin()
        if message is not None:
            raise UsageError(f"cannot use the Ray cluster: {message}")
        return self._cluster

    async def _begin(self) -> str | None:
        """Start a driver. Returns why it cannot be used, or None."""
        with tempfile.TemporaryFile() as log:
            process = await anyio.open_process(
                [*self._command, self._settings],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
            )
            self._lines = _Lines(process)
            try:
                first = await self._lines.next()
            except BaseException:
                process.kill()  # the sweep ends meanwhile
                raise
            if first is not None and first["event"] == "ready":
                self._process = process
                self._cluster = str(first["cluster"])
                return None
            await self._end(process)
            self._was_killed = process.returncode == -SIGKILL
            return str(first["message"]) if first else _last_line(log)

    @property
    def is_connected(self) -> bool:
        """Whether there is a driver, as far as is known."""
        return self._process is not None

    async def listen(self) -> None:
        """Take in the events of drivers, until this is cancelled."""
        while True:
            while (event := await self._lines.next()) is not None:
                self._take_in(event)
            await self._connect_again()
            for request in self._rejoin():
                await self.ask(request)

    async def _connect_again(self) -> None:
        """Start drivers until one can connect, and give up the current runs after a while."""
        since = time.strftime("%H:%M:%S")
        self._warn(f"ray silent since {since}", f"Ray closed the connection at {since}")
        await self.close()
        n_tries = 0
        while True:
            await anyio.sleep(_AGAIN_S[min(n_tries, len(_AGAIN_S) - 1)])
            message = await self._begin()
            if message is None:
                return
            n_tries += 1
            if n_tries == len(_AGAIN_S):
                self._give_up(message)

    async def ask(self, request: RayEvent) -> None:
        """Send a request. `rejoin` covers requests to a driver that has died."""
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            await process.stdin.send(json.dumps(request).encode() + b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    async def close(self) -> None:
        """Have the driver free the slots and end."""
        process, self._process = self._process, None
        if process is not None:
            await self._end(process)

    async def _end(self, process: anyio.abc.Process) -> None:
        if process.stdin is not None:
            await process.stdin.aclose()
        with anyio.move_on_after(_END_S):
            await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
        await process.aclose()


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    if not lines:
        return "its driver stopped unexpectedly"
    # without the time, the place in Ray's code, and the advice that follows
    return re.sub(r"^\[[^]]*\] \S+: ", "", lines[-1]).split(". ")[0]


class _Lines:
    """Reads the events that a driver writes."""

    def __init__(self, process: anyio.abc.Process) -> None:
        self._process = process
        self._rest = b""

    async def next(self) -> RayEvent | None:
        """Return the next event, or None at the end."""
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            try:
                self._rest += await self._process.stdout.receive(_LINE_BYTES)
            except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
                return None
        line, _, self._rest = self._rest.partition(b"\n")
        event: RayEvent = json.loads(line)
        return event
