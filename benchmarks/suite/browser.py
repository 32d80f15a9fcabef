"""Chromium, driven by a separate process in the suite's environment."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import cdn
from .peers import WORKERS, PeerMissingError, python_of, run_worker


def _setting() -> str:
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        raise PeerMissingError("no chromium, chromium-browser or google-chrome is installed")
    return json.dumps({"chromium": found, "cdn": cdn.files()})


def browse(task: str, *arguments: object, timeout_s: float = 600) -> dict[str, Any]:
    """Run a task of `workers/browser.py` and return what it found."""
    python = python_of("suite")
    return run_worker(python, "browser", _setting(), task, *arguments, timeout_s=timeout_s)


@contextmanager
def browsing(task: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """Run a task that says "ready" and continues until a line arrives at its stdin."""
    command = [python_of("suite"), WORKERS / "browser.py", _setting(), task, *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        assert line == "ready\n", f"the browser did not get ready: {line!r}"
        yield process
    finally:
        if process.poll() is None:
            process.communicate("end\n", timeout=60)
