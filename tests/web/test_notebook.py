"""The dashboard in a notebook's cell, and what jupyter-server-proxy learns of it."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger
from ml_tracking_ops.orchestrator.cli.arguments.parser import parse
from ml_tracking_ops.web import show
from ml_tracking_ops.web.notebook import jupyter_server

CELL = """
import sys
from ml_tracking_ops.web import show
first, second = show(sys.argv[1]), show(sys.argv[1], height=300)
assert first.address == second.address
print(first)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    for name in ("JUPYTERHUB_SERVICE_PREFIX", "JUPYTERHUB_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)


def test_show_serves_the_folder_until_the_notebook_ends(tmp_path):
    with ExperimentLogger(tmp_path) as writer:
        writer.add_scalar("loss", 1.0, 0)
    pipe = subprocess.PIPE
    cell = [sys.executable, "-c", CELL, str(tmp_path)]
    with subprocess.Popen(cell, stdin=pipe, stdout=pipe, text=True) as notebook:
        address = notebook.stdout.readline().strip()
        with urlopen(address, timeout=10) as answer:
            assert "1 experiment" in answer.read().decode()
            policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self' http://localhost:*" in policy
        notebook.communicate("\n", timeout=20)
    assert notebook.returncode == 0
    with pytest.raises(OSError, match="refused"):
        urlopen(address, timeout=10)


def test_show_goes_through_the_proxy_of_a_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", "https://hub.example.org/user/ada/")
    shown = show(tmp_path)
    path = urlsplit(shown.address).path
    assert path.startswith("/user/ada/proxy/")
    port = path.split("/")[4]
    assert f'<iframe src="/user/ada/proxy/{port}/experiments"' in shown._repr_html_()
    with urlopen(f"http://127.0.0.1:{port}/experiments", timeout=10) as answer:
        assert "https://hub.example.org" in answer.headers["Content-Security-Policy"]


def test_jupyter_finds_a_command_that_the_parser_accepts():
    found = EntryPoint(
        "ml-tracking-ops",
        "ml_tracking_ops.web.notebook:jupyter_server",
        "jupyter_serverproxy_servers",
    ).load()()
    assert found == jupyter_server()
    python, module, name, *arguments = [part.format(port=5017) for part in found["command"]]
    assert (python, module) == (sys.executable, "-m")
    assert name == "ml_tracking_ops.orchestrator.cli"
    assert parse(arguments).port == 5017
    assert Path(found["launcher_entry"]["icon_path"]).is_file()
