"""What another user of the machine gets of a dashboard: nothing."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from other_users import STRANGER, as_user, needs_root, run_python_as
from sweeps import start_command, wait_until

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.serving.limits import Limits

ASK = """
import sys, urllib.error, urllib.request
opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
method, address, *headers = sys.argv[1:]
data = b"{}" if method == "POST" else None
request = urllib.request.Request(address, data, dict(zip(headers[::2], headers[1::2])))
try:
    answer = opener.open(request)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""
CROWD = """
import resource, socket, sys
port, n_connections = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (n_connections + 50,) * 2)
crowd = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(n_connections)]
print(len(crowd), flush=True)
sys.stdin.read()
"""
PATHS = ["/", "/experiments", "/static/page/main.js", "/events?catalog=0", "/api/metrics?run=a"]


class Started:
    """A dashboard of this user: its output, and what opens it."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self.output = folder / "output"
        self.process = process
        wait_until(lambda: "oken" in self.output.read_text(), "the address")
        self.url = re.findall(r"http://127\.0\.0\.1:\d+", self.output.read_text())[0]

    @property
    def link(self) -> str:
        return re.findall(r"\S+token=\S+", self.output.read_text())[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with ExperimentLogger(tmp_path / "runs") as logger:
        logger.add_scalar("Secret metric", 1.0, 0)
    return tmp_path


@pytest.fixture
def dashboard(folder: Path, request: pytest.FixtureRequest) -> Iterator[Started]:
    options = getattr(request, "param", [])
    process = start_command("web", "--port=0", *options, folder=folder)
    try:
        yield Started(folder, process)
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_own_user_gets_in_without_a_token(dashboard):
    answer = httpx.get(dashboard.url, follow_redirects=True)
    assert answer.status_code == 200
    assert "Experiments" in answer.text


@needs_root
def test_other_user_gets_no_answer(dashboard):
    for path in PATHS:
        done = run_python_as(STRANGER, ASK, "GET", dashboard.url + path)
        assert done.stdout.startswith("403 This dashboard asks for a token"), done


@needs_root
def test_other_user_can_delete_nothing(dashboard, folder):
    page = httpx.get(f"{dashboard.url}/experiments").text
    (token,) = re.findall(r'"csrf": ?"([^"]+)"', unescape(page))
    kept = sorted((folder / "runs").rglob("*"))
    headers = ["Content-Type", "application/json", "X-CSRF-Token", token]
    done = run_python_as(STRANGER, ASK, "POST", f"{dashboard.url}/api/delete", *headers)
    assert done.stdout.startswith("403 This dashboard asks for a token"), done
    assert sorted((folder / "runs").rglob("*")) == kept


@needs_root
def test_other_user_gets_in_with_the_link(dashboard):
    done = run_python_as(STRANGER, ASK, "GET", dashboard.link)
    assert done.stdout.startswith("200 ")


@needs_root
@pytest.mark.parametrize("dashboard", [["--no-token"]], indirect=True)
def test_without_a_token_everybody_gets_in_and_a_warning_says_so(dashboard):
    assert "lets every user of this machine read everything" in dashboard.output.read_text()
    done = run_python_as(STRANGER, ASK, "GET", f"{dashboard.url}/experiments")
    assert done.stdout.startswith("200 ")


@needs_root
def test_other_user_cannot_use_up_the_owners_connections(dashboard):
    port = dashboard.url.rpartition(":")[2]
    n_more_than_one_client_may_have = Limits().connections_a_client + 100
    code = ["-I", "-S", "-c", CROWD, port, str(n_more_than_one_client_may_have)]
    crowd = subprocess.Popen(
        as_user(STRANGER, [sys.executable, *code]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with crowd:
        assert crowd.stdout is not None
        assert crowd.stdout.readline().strip() == str(n_more_than_one_client_may_have)
        for _ in range(20):
            assert httpx.get(f"{dashboard.url}/experiments", timeout=30).status_code == 200
        crowd.communicate("", timeout=30)
