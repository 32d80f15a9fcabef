"""One client cannot keep the server from the others: by many connections, by haste or by sloth."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import anyio
import anyio.to_thread
import httpx
import live
import pytest
from live import LIMIT_S, listening, serving, wait_until

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.server import listen
from ml_tracking_ops.web.serving.limits import Limits

HEAD = b"GET /api/metrics?run=a HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def connected(
    port: int, address: str = "127.0.0.1", buffer_bytes: int = 0
) -> Iterator[socket.socket]:
    with socket.socket() as connection:
        if buffer_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        connection.settimeout(LIMIT_S)
        connection.bind((address, 0))
        connection.connect(("127.0.0.1", port))
        yield connection


def listen_with_a_small_buffer(host: str, port: int) -> socket.socket:
    """The kernel would accept megabytes from the server that no client reads."""
    listener = listen(host, port)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # connections inherit it
    return listener


def is_cut(connection: socket.socket) -> bool:
    """Read to the end. Return whether the server closed the connection."""
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        pass
    return True


def trickle(connection: socket.socket, data: bytes) -> bool:
    """Send single bytes until the server closes. Return whether it closes before all are sent."""
    connection.settimeout(0.02)
    for byte in data:
        try:
            connection.sendall(bytes([byte]))
            return connection.recv(1) == b""
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.anyio
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        HEAD,
        b"POST /api/delete HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
async def test_unfinished_request_times_out(tmp_path, caplog, sent):
    async with serving(tmp_path, limits=Limits(request_s=0.2)) as dashboard:
        with connected(dashboard.port) as connection:
            connection.sendall(sent)
            assert await anyio.to_thread.run_sync(is_cut, connection)
        await wait_until(lambda: not dashboard.server.server_state.connections)
    assert "Traceback" not in caplog.text


@pytest.mark.anyio
async def test_slow_request_times_out(tmp_path):
    async with serving(tmp_path, limits=Limits(request_s=0.3)) as dashboard:
        with connected(dashboard.port) as connection:
            data = HEAD + b"X-Filler: " + b"x" * 100_000
            assert await anyio.to_thread.run_sync(trickle, connection, data)


@pytest.mark.anyio
async def test_live_stream_outlasts_the_time_for_a_request(tmp_path):
    async with (
        serving(tmp_path, limits=Limits(request_s=0.05, ping_s=0.1)) as dashboard,
        listening(dashboard.address, ("catalog", 0)) as page,
    ):
        for _ in range(3):
            await page.next_of("ping")


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/events?run={run}:0", "/api/series?run={run}&points=20000"])
async def test_reader_that_never_reads_is_cut_and_others_continue(tmp_path, monkeypatch, path):
    monkeypatch.setattr(live, "listen", listen_with_a_small_buffer)
    with ExperimentLogger(tmp_path) as logger:
        for step in range(100_000):
            logger.add_scalar("Loss", step / 3, step)
    run = logger.folder.rpartition("/")[2]
    async with serving(tmp_path, limits=Limits(stalled_s=0.2)) as dashboard:
        with connected(dashboard.port, buffer_bytes=4096) as lazy:
            lazy.sendall(f"GET {path.format(run=run)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await wait_until(lambda: dashboard.server.server_state.connections)
            await wait_until(lambda: not dashboard.server.server_state.connections)
            async with listening(dashboard.address, ("catalog", 0)) as page:
                assert await page.next_of("catalog")
        await wait_until(lambda: not dashboard.feed._subscribers)


@pytest.mark.anyio
async def test_streams_of_one_client_leave_room_for_others(tmp_path):
    request = b"GET /events?catalog=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with serving(tmp_path, limits=Limits(streams_a_client=3)) as dashboard:
        with ExitStack() as stack:
            for _ in range(3):
                stream = stack.enter_context(connected(dashboard.port, "127.0.0.2"))
                stream.sendall(request)
                assert b"200 OK" in await anyio.to_thread.run_sync(stream.recv, 200)
            one_more = stack.enter_context(connected(dashboard.port, "127.0.0.2"))
            one_more.sendall(request)
            assert b"503" in await anyio.to_thread.run_sync(one_more.recv, 200)
            async with listening(dashboard.address, ("catalog", 0)) as page:
                assert await page.next_of("catalog")
        async with httpx.AsyncClient() as client:  # those that left are not counted any more
            await wait_until(lambda: not dashboard.feed._n_streams)
            assert (await client.get(f"{dashboard.address}/experiments")).status_code == 200


@pytest.mark.anyio
async def test_connections_of_one_client_leave_room_for_others(tmp_path):
    async with (
        serving(tmp_path, limits=Limits(connections_a_client=3)) as dashboard,
        httpx.AsyncClient() as client,
    ):
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(connected(dashboard.port, "127.0.0.2"))
            await wait_until(lambda: len(dashboard.server.server_state.connections) == 3)
            one_more = stack.enter_context(connected(dashboard.port, "127.0.0.2"))
            assert await anyio.to_thread.run_sync(is_cut, one_more)
            answer = await client.get(f"{dashboard.address}/experiments")
            assert answer.status_code == 200
