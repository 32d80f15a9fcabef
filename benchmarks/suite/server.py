"""The real command `ml-tracking-ops web`, and what it costs."""

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
    """A dashboard that answers. `up_s`: from the command to the answer of its first page."""

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
    """The dashboard of a log folder.

    Args:
        cache: the user's cache, in the place of the own one.
        code: where `earlier.code_of` put another version, to run in the place of this one.
        first: the page that is asked for first; the server is up when it has answered.
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
