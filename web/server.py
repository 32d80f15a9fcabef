"""Serve the web app: its own socket, its own signals, and a quick shutdown.

uvicorn waits for every open response before it ends, and a live stream never ends by itself:
so the streams are ended first, and connections that still hang are cut.
"""

import asyncio
import errno
import ipaddress
import os
import platform
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from ml_tracking_ops.logger.os_files import allow_open_files
from ml_tracking_ops.orchestrator.errors import PortTakenError, TrackingError, UsageError
from ml_tracking_ops.orchestrator.store.files.cache_folder import user_cache

from .app import create_app
from .serving import peer_user
from .serving.access_token import DashboardAccess, new_token
from .serving.assets.asset_source import CDN_SOURCE, AssetSource
from .serving.connections import OPEN_FILES, BoundedProtocol
from .serving.reach.loopback import is_loopback
from .serving.reach.options import DEFAULT_REACH, ReachOptions

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5000
_PORTS_TRIED = 100
_BACKLOG = 1024
_LONGEST_REQUEST_HEAD_BYTES = 128 << 10  # an address of 96 KiB, cookies
_CUT_AFTER_S = 0.3
_TICK_S = 1.0
_DIGESTS = "digests"


def serve(
    logdir: Path | str,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    *,
    take_next_free: bool = False,
    assets: Path | None = None,
    asks_token: bool = True,
    reach: ReachOptions = DEFAULT_REACH,
    on_ready: Callable[[DashboardAccess], None] = lambda entrance: None,
) -> None:
    """Serve the dashboard of `logdir` until SIGINT (Ctrl-C) or SIGTERM.

    Args:
        host: if other machines can reach it too, every request needs the token. If only this
            machine can, the requests of other users do.
        port: 0 takes any free one.
        take_next_free: if `port` is taken, try those after it.
        assets: a folder to serve the pages' third-party files from, by default the CDN does.
        asks_token: False admits everybody who can reach the address.
        reach: the names and the path of the dashboard, and which pages may frame it.
        on_ready: called once connections are accepted.

    Raises:
        PortTakenError: `port` is taken.
        UsageError: the address cannot be listened on for another reason, or a file is missing in
            `assets` or is not what it should be.
        TrackingError: a fault in the feed ended the server.
    """
    allow_open_files(OPEN_FILES)
    source = CDN_SOURCE if assets is None else AssetSource.from_folder(assets)
    listener = listen(host, port, take_next_free=take_next_free)
    with listener:
        is_local = is_loopback(host)
        entrance = DashboardAccess(
            address_of(listener, host) + reach.base_path,
            new_token() if asks_token else None,
            is_local,
            is_local and peer_user.is_supported(),
        )
        on_ready(entrance)
        names = (host,) if is_local else (host, *names_of_this_machine())
        app = create_app(
            Path(logdir).expanduser(),
            entrance.token,
            names=names,
            reach=reach,
            knows_owner=entrance.knows_owner,
            assets=source,
            cache=user_cache(_DIGESTS),
        )
        server = make_web_server(app)
        server.run(sockets=[listener])
        if server.lifespan.error_occurred:
            raise TrackingError("the live feed failed. See the traceback above")


def names_of_this_machine() -> set[str]:
    """Return the names by which other machines may address this one. Asks no name server."""
    name = platform.node().lower()
    return {name, name.partition(".")[0], f"{name.partition('.')[0]}.local"} - {"", ".local"}


def listen(host: str, port: int, *, take_next_free: bool = False) -> socket.socket:
    """Return a listening socket.

    Raises:
        PortTakenError, UsageError: as `serve`.
    """
    n_ports = _PORTS_TRIED if take_next_free and port else 1
    for candidate in range(port, min(port + n_ports, 65536)):
        try:
            return _bind(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise UsageError(
                    f"cannot listen on {host}:{candidate}: {error.strerror}. "
                    "Choose another address with --host and --port"
                ) from error
    raise PortTakenError(host, port)


def _bind(host: str, port: int) -> socket.socket:
    # asyncio has small packets sent at once (TCP_NODELAY) if a socket is declared as TCP: otherwise
    # every answer to a browser waits up to 40 ms for an acknowledgement.
    family, kind, protocol, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would allow two programs to share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket, host: str) -> str:
    """Return the address to type into a browser on this machine."""
    port = listener.getsockname()[1]
    try:
        is_everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        is_everywhere = False
    if is_everywhere:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_web_server(app: Starlette) -> "DashboardServer":
    """Return a server for `app` with only the needed parts of uvicorn: quick to start, quiet."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=partial(BoundedProtocol, limits=app.state.limits),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_LONGEST_REQUEST_HEAD_BYTES,
    )
    return DashboardServer(config, app)


class DashboardServer(uvicorn.Server):
    """uvicorn with a different shutdown: the live streams end first, and it waits for nothing
    long."""

    _must_exit = False
    _wake: Callable[[], object] | None = None

    def __init__(self, config: uvicorn.Config, app: Starlette) -> None:
        super().__init__(config)
        self._feed = app.state.feed

    @property
    def should_exit(self) -> bool:
        """Whether to end. Set from a signal handler, or by the caller of the server."""
        return self._must_exit

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        self._must_exit = value
        if value and self._wake is not None:
            self._wake()

    async def main_loop(self) -> None:
        # uvicorn checks ten times a second whether it should end, which is most of what an idle
        # server does. Here the end is signalled, and one check a second keeps the `date` header
        # right.
        is_woken = asyncio.Event()
        self._wake = partial(asyncio.get_running_loop().call_soon_threadsafe, is_woken.set)
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(is_woken.wait(), _TICK_S)
        self._wake = None

    async def on_tick(self, counter: int) -> bool:
        # Pages that look live but are not would be worse than none.
        return await super().on_tick(counter) or self.lifespan.error_occurred

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feed.close()
        cut = asyncio.get_running_loop().call_later(_CUT_AFTER_S, self._cut_connections)
        try:
            await super().shutdown(sockets)
        finally:
            cut.cancel()
        # A signal that was handled is not raised again: leaving on Ctrl-C is no error here.
        self._captured_signals.clear()

    def _cut_connections(self) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
