"""The dashboard beside a sweep: the web app in a process of its own."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from .errors import SweepError

_STOP_S = 5


@contextlib.contextmanager
def running_dashboard(logdir: Path, host: str, port: int | None) -> Iterator[str]:
    """Start `ml-tracking-ops web`, give its address, and end it on leaving.

    Raises:
        SweepError: it does not start; with what it said.
    """
    chosen = [] if port is None else [f"--port={port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "web", f"--logdir={logdir}",
         f"--host={host}", *chosen],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield _read_address(process)
    finally:
        _end(process)


def _read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    address = next((word for word in line.split() if word.startswith("http")), None)
    if address is None:
        process.wait()
        raise SweepError("the dashboard did not start; the message above says why")
    # whatever it prints later must never fill the pipe and block it
    threading.Thread(target=process.stdout.read, daemon=True).start()
    return address


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_interrupted() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    try:
        asked.wait()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
