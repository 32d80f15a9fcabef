"""The dashboard beside a sweep: the web app in a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from ..errors import SweepError, UsageError

_STOP_S = 5
_EXIT_USAGE = 2


@contextlib.contextmanager
def running_dashboard(
    logdir: Path, host: str, port: int | None, assets: Path | None = None
) -> Iterator[str]:
    """Start `ml-tracking-ops web`, give its address, and end it on leaving.

    Raises:
        SweepError: it does not start.
        UsageError: the address cannot be listened at, or `assets` cannot be served.
    """
    chosen = [] if port is None else [f"--port={port}"]
    chosen += [] if assets is None else [f"--assets={assets}"]
    # its stdin is a pipe that closes with this process, however this process ends
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ml_tracking_ops.orchestrator.cli",
            "web",
            f"--logdir={logdir}",
            f"--host={host}",
            *chosen,
            "--exit-with-stdin",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield _read_address(process)
    finally:
        _end(process)


def _read_address(process: subprocess.Popen[str]) -> str:
    """The address that it prints, once, when it is ready."""
    line = process.stdout.readline() if process.stdout else ""
    address = next((word for word in line.split() if word.startswith("http")), None)
    if address is None:
        kind = UsageError if process.wait() == _EXIT_USAGE else SweepError
        raise kind("the dashboard did not start; the message above says why")
    return address


def _end(process: subprocess.Popen[str]) -> None:
    with process:  # closes the pipes, at the latest on which it leaves
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()


def exit_with_stdin() -> None:
    """End this process, as SIGTERM would, once its stdin has closed."""

    def wait_and_end() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_and_end, name="stdin", daemon=True).start()


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
