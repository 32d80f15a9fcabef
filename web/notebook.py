"""The dashboard in a notebook: in a cell (`show`), and in JupyterLab's launcher."""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ml_tracking_ops.orchestrator.errors import SweepError

_COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "web"]
_NOTEBOOKS = ("self", "http://localhost:*", "http://127.0.0.1:*", "vscode-webview:")
"""The hosts of notebooks on this machine. `show` adds a hub's."""
_STOP_S = 5


@dataclass(frozen=True, slots=True)
class NotebookDashboard:
    """A dashboard in a cell of a notebook. As text it is its address."""

    address: str
    height: int

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{self.address}" width="100%" height="{self.height}" '
            'style="border:0" title="ML Tracking Ops" allow="fullscreen"></iframe>'
        )

    def __str__(self) -> str:
        return self.address


@dataclass(slots=True)
class _Server:
    process: subprocess.Popen[str]
    port: int


_servers: dict[tuple[Path, tuple[str, ...]], _Server] = {}


def show(
    logdir: str | os.PathLike[str] = "runs",
    *,
    height: int = 800,
    proxy: str | None = None,
    allowed_hosts: Iterable[str] = (),
) -> NotebookDashboard:
    """Show the dashboard of a log folder in a cell of a notebook.

    The first call starts a server, which ends with the notebook's process. Later calls for the same
    folder use it again.

    Args:
        height: of the frame, in pixels.
        proxy: the path or address below which jupyter-server-proxy serves ports, such as `/proxy`
            or `/user/ada/proxy`, by default that of JupyterHub if the notebook runs on one, and
            otherwise none: the browser connects to this machine directly.
        allowed_hosts: host names in a browser's address bar, for notebooks that are not opened on
            this machine. JupyterHub's own is known if it publishes it.

    Raises:
        SweepError: the server does not start.
    """
    proxy = _hub_proxy() if proxy is None else proxy
    hosts = (*allowed_hosts, *_hosts_of(proxy))
    folder = Path(logdir).expanduser().absolute()
    server = _servers.get((folder, hosts))
    if server is None or server.process.poll() is not None:
        server = _servers[folder, hosts] = _start(folder, hosts)
    base = f"http://127.0.0.1:{server.port}" if not proxy else f"{proxy.rstrip('/')}/{server.port}"
    return NotebookDashboard(f"{base}/experiments", height)


def _hub_proxy() -> str:
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    return f"{prefix.rstrip('/')}/proxy" if prefix else ""


def _hosts_of(proxy: str) -> tuple[str, ...]:
    addresses = (proxy, os.environ.get("JUPYTERHUB_PUBLIC_URL", "")) if proxy else ()
    names = (urlsplit(address).hostname for address in addresses)
    return tuple(name for name in names if name)


def _start(folder: Path, hosts: tuple[str, ...]) -> _Server:
    framers = (*_NOTEBOOKS, *(f"https://{host}" for host in hosts))
    arguments = [
        f"--logdir={folder}",
        "--port=0",
        "--exit-with-stdin",
        *(f"--allowed-host={host}" for host in hosts),
        *(f"--frame-ancestors={origin}" for origin in framers),
    ]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [*_COMMAND, *arguments], stdin=pipe, stdout=pipe, text=True, start_new_session=True
    )
    atexit.register(_end, process)
    line = process.stdout.readline() if process.stdout else ""
    address = next((word for word in line.split() if word.startswith("http")), None)
    port = urlsplit(address).port if address else None
    if port is None:
        _end(process)
        raise SweepError("the dashboard did not start. See the message above")
    return _Server(process, port)


def _end(process: subprocess.Popen[str]) -> None:
    with process:  # closes its stdin, which ends it
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()


def jupyter_server() -> dict[str, object]:
    """Return how jupyter-server-proxy starts the dashboard (its entry point for servers).

    Jupyter has checked who asks before it passes a request on, so `Host` and `Origin` are set to
    those of the dashboard on its own machine.
    """
    icon = Path(__file__).parent / "static" / "icon.svg"
    return {
        "command": [*_COMMAND, "--port", "{port}", "--frame-ancestors", "self"],
        "timeout": 30,
        "request_headers_override": {
            "Host": "127.0.0.1:{port}",
            "Origin": "http://127.0.0.1:{port}",
        },
        "launcher_entry": {"title": "ML Tracking Ops", "icon_path": str(icon)},
    }
