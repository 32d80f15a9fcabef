"""Serving: the real command's server in a process of its own, sockets, signals, headers."""

import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from live import LIMIT_S, serving
from waiting import read_line

from ml_tracking_ops.orchestrator.errors import PortTakenError, UsageError
from ml_tracking_ops.web.server import address_of, listen
from ml_tracking_ops.web.serving.security import HEADERS, is_known_host

SERVE = (
    "import sys; from ml_tracking_ops.web.server import serve; "
    "serve(sys.argv[1], port=0, on_ready=lambda address: print(address, flush=True))"
)


@pytest.fixture
def process(tmp_path):
    """A server in its own process, with its address in the first line of its output."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE, str(tmp_path / "runs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def open_stream(address):
    host, _, port = address.removeprefix("http://").rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=LIMIT_S)
    connection.sendall(b"GET /events?catalog=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_although_streams_are_open(process, number):
    address = read_line(process).strip()
    streams = [open_stream(address) for _ in range(5)]
    for stream in streams:
        assert b"200 OK" in stream.recv(4096)

    process.send_signal(number)

    assert process.wait(timeout=LIMIT_S) == 0
    assert process.stderr.read() == ""
    for stream in streams:
        stream.close()


def test_signal_ends_it_although_a_reader_never_reads(process, tmp_path):
    from ml_tracking_ops.logger import ExperimentLogger

    with ExperimentLogger(logdir=str(tmp_path / "runs")) as logger:
        for step in range(200_000):
            logger.add_scalar("loss", step / 3, step)
    run_id = os.path.basename(logger.folder)
    address = read_line(process).strip()
    host, _, port = address.removeprefix("http://").rpartition(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(LIMIT_S)
        connection.connect((host, int(port)))
        request = f"GET /events?run={run_id}:0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sendall(request.encode())
        assert b"200 OK" in connection.recv(1024)

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=LIMIT_S) == 0


BROKEN = """
from ml_tracking_ops.web.live import state_topics
def fail(self, catalog): raise ZeroDivisionError
state_topics.CatalogTopic.look = fail
"""


def test_broken_feed_ends_the_server_with_an_error(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", BROKEN + SERVE, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        with open_stream(read_line(process).strip()):
            assert process.wait(timeout=LIMIT_S) == 1
        message = process.stderr.read()

    assert "ZeroDivisionError" in message
    assert "the live feed failed" in message


def test_missing_folder_is_served(process, tmp_path):
    address = read_line(process).strip()

    response = httpx.get(address, follow_redirects=True, timeout=LIMIT_S)

    assert response.status_code == 200
    assert not (tmp_path / "runs").exists()


def test_port_that_is_taken_is_named():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"{port}.*--port"):
            listen("127.0.0.1", port)


def test_next_free_port_is_taken_where_asked():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port, take_next_free=True) as listener:
            assert listener.getsockname()[1] > port


def test_unknown_address_is_a_usage_error():
    with pytest.raises(UsageError, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "http://127.0.0.1:{}"), ("0.0.0.0", "http://127.0.0.1:{}")],
)
def test_address_is_what_a_browser_can_open(host, expected):
    with listen(host, 0) as listener:
        assert address_of(listener, host) == expected.format(listener.getsockname()[1])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:5000",
        "127.0.0.1",
        "127.0.0.1:5000",
        "[::1]",
        "[::1]:5000",
        "192.168.1.7:80",
        "gpu-box",
        "gpu-box:5000",
    ],
)
def test_own_names_and_addresses_are_known(host):
    assert is_known_host(host, frozenset(("localhost", "gpu-box")))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:5000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost:5000:80",
        "[::1",
        "user@localhost",
        "localhost:",
        "localhost:x",
    ],
)
def test_foreign_names_are_not_known(host):
    assert not is_known_host(host, frozenset(("localhost", "gpu-box")))


@pytest.mark.anyio
async def test_rebound_name_gets_nothing(tmp_path):
    (tmp_path / "secret").mkdir()
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        for path in ("/experiments", "/api/metrics?run=a", "/events?catalog=1"):
            response = await client.get(
                dashboard.address + path, headers={"host": "evil.example:5000"}
            )
            assert response.status_code == 400
            assert "evil.example" in response.text


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/experiments", "/api/metrics?run=a", "/api/series", "/none"])
async def test_every_answer_carries_the_security_headers(tmp_path, path):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        response = await client.get(dashboard.address + path)

    for name in HEADERS:
        assert name in response.headers
    assert "unsafe-inline" not in response.headers["content-security-policy"].split("style-src")[0]
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.anyio
async def test_long_address_of_many_runs_is_taken(tmp_path):
    query = "&".join(f"run=2026-11-23_10-20-00/2026-11-23_10-20-01_{i:04d}" for i in range(1_000))
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        response = await client.get(f"{dashboard.address}/api/series?{query}")

    assert response.json() == {"runs": {}}


@pytest.mark.anyio
async def test_answers_do_not_wait_for_acknowledgements(tmp_path):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        await client.get(f"{dashboard.address}/static/page/main.js")
        (connection,) = dashboard.server.server_state.connections
        sender = connection.transport.get_extra_info("socket")

        assert sender.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@pytest.mark.anyio
async def test_big_body_is_refused(tmp_path):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        response = await client.post(f"{dashboard.address}/api/series", content=b"x" * 1_000_000)

    assert response.status_code in (405, 413)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("site", "dest", "status"),
    [
        ("same-origin", "empty", 200),
        ("none", "document", 200),
        ("cross-site", "image", 403),
        ("same-site", "empty", 403),
        ("cross-site", "document", 403),
        ("made-up", "script", 403),
    ],
)
async def test_requests_that_other_sites_make_are_refused_for_reading_too(
    tmp_path, site, dest, status
):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest}
        answer = await client.get(f"{dashboard.address}/experiments", headers=headers)
        assert answer.status_code == status
        if status == 403:
            assert "Experiments" not in answer.text
            assert ("Open the dashboard" in answer.text) is (dest == "document")
