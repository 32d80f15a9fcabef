"""The real command `ml-tracking-ops web`, its CPU time and memory."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).parent / "ml-tracking-ops"
_MODULE = (sys.executable, "-m", "ml_tracking_ops.orchestrator.cli")


@dataclass(frozen=True)
class Server:
    """A running dashboard. `up_s` is the time from the command to the answer of its first page."""

    address: str
    pid: int
    up_s: float


@contextmanager
def serving(
    logdir: Path,
    *,
    cache: Path | None = None,
    code: Path | None = None,
    first: str = "/sweeps",
    patience_s: float = 120,
) -> Iterator[Server]:
    """Run the dashboard of a log folder.

    Args:
        cache: a folder to use instead of the user's cache.
        code: a folder of `earlier.code_of`, to run that version instead of this one.
        first: the page to request first. The server is up when it has answered.
    """
    began = time.perf_counter()
    more = {} if cache is None else {"XDG_CACHE_HOME": str(cache)}
    if code is not None:
        more["PYTHONPATH"] = str(code)
    process = subprocess.Popen(
        [*(_MODULE if code else (COMMAND,)), "web", f"--logdir={logdir}", "--port=0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        address = next(word for word in line.split() if word.startswith("http"))
        with urllib.request.urlopen(f"{address}{first}", timeout=patience_s) as answer:
            answer.read()
        yield Server(address, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()
