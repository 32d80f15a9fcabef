"""The real command `ml-tracking-ops web`, and what it costs."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).parent / "ml-tracking-ops"


@dataclass(frozen=True)
class Server:
    """A dashboard that answers. `up_s`: from the command to the answer of its first page."""

    address: str
    pid: int
    up_s: float


@contextmanager
def serving(logdir: Path) -> Iterator[Server]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [COMMAND, "web", f"--logdir={logdir}", "--port=0"], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        address = next(word for word in line.split() if word.startswith("http"))
        with urllib.request.urlopen(f"{address}/sweeps", timeout=60) as answer:
            answer.read()
        yield Server(address, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()
