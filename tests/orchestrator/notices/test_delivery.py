"""Messages that are really sent: to a server of the test, through Apprise."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sweeps import run_command, sweep_folder, write_config

from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.notices.delivery import Delivery
from ml_tracking_ops.orchestrator.notices.messages import Notice

NOTICE = Notice("digits: finished", "3 finished", "success")


@pytest.fixture
def service():
    """A service that keeps its messages. Its address is a secret."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.received.append(json.loads(body))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.received, server.status = [], 200
        server.address = f"json://ada:hunter2@127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_message_arrives_before_the_delivery_is_closed(service, monkeypatch):
    monkeypatch.setenv("NOTICE_ADDRESS", service.address)
    delivery = Delivery(["${envvar:NOTICE_ADDRESS}"], warn=pytest.fail)
    delivery.send(NOTICE)
    delivery.close()
    [received] = service.received
    assert (received["title"], received["message"]) == (NOTICE.title, NOTICE.body)


def test_service_that_refuses_is_reported_once_without_its_password(service):
    service.status = 500
    message = []
    delivery = Delivery([service.address], message.append)
    delivery.send(NOTICE)
    delivery.send(NOTICE)
    delivery.close()
    [warning] = message
    assert "json://…" in warning
    assert "hunter2" not in warning


@pytest.mark.parametrize("address", ["nosuchservice://ada:hunter2@host", "hunter2", "json://"])
def test_invalid_address_is_refused_without_showing_it(address):
    with pytest.raises(UsageError, match="number 1 is no address") as raised:
        Delivery([address], warn=pytest.fail)
    assert "hunter2" not in str(raised.value)


def test_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("NOTICE_ADDRESS", raising=False)
    with pytest.raises(UsageError, match="NOTICE_ADDRESS is not set"):
        Delivery(["${envvar:NOTICE_ADDRESS}"], warn=pytest.fail)


def test_sweep_sends_its_end_and_stores_no_address(tmp_path, service):
    write_config(tmp_path, "short.py", max_runs=2, notify=[service.address])
    other = f"{service.address}/other?format=text"
    done = run_command("sweep", "--notify", other, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    titles = [one["title"] for one in service.received]
    folder = sweep_folder(tmp_path / "runs")
    assert titles == [f"{folder.name}: finished"] * 2
    for path in folder.rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes(), path
    assert "hunter2" not in done.stdout + done.stderr


def test_address_is_checked_before_a_sweep_starts(tmp_path):
    write_config(tmp_path, "short.py", max_runs=2, notify=["nosuchservice://x"])
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 2
    assert "notify: number 1" in done.stderr
    assert not (tmp_path / "runs").exists()
