"""Help for tests of the live feed: a real server, and a page that listens to it."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx
from blockbuster import blockbuster_ctx

from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.server import DashboardServer, address_of, listen, make_web_server
from ml_tracking_ops.web.serving.limits import DEFAULTS, Limits

LIMIT_S = 30

Event = tuple[str, dict[str, Any]]


class StreamEnded(Exception):
    """The server has ended the stream."""


@dataclass
class Dashboard:
    """A running server."""

    address: str
    server: DashboardServer
    app: Any

    @property
    def feed(self) -> Any:
        return self.app.state.feed

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Request a page. It blocks, so call it only in a worker thread."""
        return httpx.get(self.address + path, headers=headers, timeout=LIMIT_S)


@asynccontextmanager
async def serving(
    logdir: Path, port: int = 0, limits: Limits = DEFAULTS
) -> AsyncIterator[Dashboard]:
    """Serve `logdir` in this event loop. Blocking the loop is an error."""
    app = create_app(logdir, limits=limits)
    with listen("127.0.0.1", port) as listener, blocking_forbidden():
        server = make_web_server(app)
        async with anyio.create_task_group() as tasks:
            # not `serve`, which would handle signals that are meant for pytest
            tasks.start_soon(server._serve, [listener])
            await wait_until(lambda: server.started)
            try:
                yield Dashboard(address_of(listener, "127.0.0.1"), server, app)
            finally:
                server.should_exit = True


@contextmanager
def blocking_forbidden() -> Iterator[None]:
    """Blocking the event loop from within the web app is an error."""
    with blockbuster_ctx(["ml_tracking_ops.web"]) as blockbuster:
        # one folder now and then, and the page of an unknown address: not worth a thread
        may_stat = blockbuster.functions["os.stat"].can_block_in
        may_stat("orchestrator/store/watching/watcher.py", {"_file_at"})
        blockbuster.functions["io.TextIOWrapper.read"].can_block_in(
            "web/pages/routes.py", {"not_found"}
        )
        may_stat("web/pages/routes.py", {"not_found"})
        yield


async def wait_until(condition: Callable[[], Any]) -> None:
    """Wait until `condition()` is true.

    Raises:
        TimeoutError: it did not come true in time.
    """
    with anyio.fail_after(LIMIT_S):
        while not condition():
            await anyio.sleep(0.002)


@asynccontextmanager
async def listening(address: str, *query: tuple[str, str | int]) -> AsyncIterator["EventReader"]:
    """Open the page's stream."""
    url = f"{address}/events?{urlencode(query)}"
    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(LIMIT_S)) as client,
        client.stream("GET", url) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield EventReader(response)


class EventReader:
    """The events of one stream, parsed as a browser's EventSource does."""

    def __init__(self, response: httpx.Response) -> None:
        self.headers = response.headers
        self._bytes = response.aiter_raw()
        self._buffer = b""

    async def next(self) -> Event:
        """Return the next event.

        Raises:
            StreamEnded: there is none.
        """
        with anyio.fail_after(LIMIT_S):
            while b"\n\n" not in self._buffer:
                chunk = await anext(self._bytes, None)
                if chunk is None:
                    raise StreamEnded
                self._buffer += chunk
        block, _, self._buffer = self._buffer.partition(b"\n\n")
        fields = dict(line.split(": ", 1) for line in block.decode().splitlines())
        if "event" not in fields:
            return await self.next()
        return fields["event"], json.loads(fields["data"])

    async def next_of(self, kind: str) -> dict[str, Any]:
        """Return the next event of a kind, and skip others."""
        with anyio.fail_after(LIMIT_S):
            while True:
                name, data = await self.next()
                if name == kind:
                    return data


@dataclass
class Page:
    """Keeps the points of one run as a page does, and checks that they join."""

    run_id: str
    cursor: int = 0
    points: dict[str, list[tuple[int, float | None]]] = field(default_factory=dict)
    n_resets: int = 0
    is_thinned: bool = False

    @property
    def query(self) -> tuple[str, str]:
        return "run", f"{self.run_id}:{self.cursor}"

    @property
    def n_points(self) -> int:
        return sum(map(len, self.points.values()))

    def take(self, event: Event) -> None:
        name, data = event
        if name == "reset" and data["run"] == self.run_id:
            self.cursor, self.points = 0, {}
            self.n_resets += 1
        elif name == "points" and data["run"] == self.run_id:
            assert data["start"] == self.cursor, "a gap or a duplicate"
            assert data["cursor"] > data["start"]
            self.cursor = data["cursor"]
            self.is_thinned = self.is_thinned or data.get("is_thinned", False)
            for metric, (steps, after_ms, values) in data["metrics"].items():
                assert min(after_ms, default=0) >= 0, "a time before the event's own"
                kept = self.points.setdefault(metric, [])
                kept.extend(zip(steps, values, strict=True))


def write_at_pace(add: Callable[[int], None], n_points: int, points_a_second: float) -> None:
    """Call ``add(0)``, ``add(1)``, … in this thread, as a training loop would."""
    started = time.monotonic()
    for step in range(n_points):
        add(step)
        ahead_s = step / points_a_second - (time.monotonic() - started)
        if ahead_s > 0:
            time.sleep(ahead_s)
