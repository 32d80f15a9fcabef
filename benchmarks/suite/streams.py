"""Streams without pages: clients of `/events` in a separate process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .peers import WORKERS
from .server import serving


@contextmanager
def followers(logdir: Path, n_streams: int) -> Iterator[None]:
    """Open `n_streams` streams of a dashboard that follow the newest sweep and all its runs."""
    if n_streams == 0:
        yield
        return
    with serving(logdir) as server:
        process = subprocess.Popen(
            [
                sys.executable,
                WORKERS / "follow_sweep.py",
                server.address,
                str(logdir),
                str(n_streams),
            ],
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)
