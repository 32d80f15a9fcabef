"""The real command on a free port, its output at hand when something goes wrong."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "web"]
_PATIENCE_S = 15.0


class Dashboard:
    """The running command; `url` is what it printed."""

    def __init__(self, logdir: Path, output: Path, port: int = 0, *options: str) -> None:
        self.logdir = logdir
        self._output = output
        arguments = ["--logdir", str(logdir), "--port", str(port), *options]
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self.url = self._wait_for_url()

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def _wait_for_url(self) -> str:
        deadline_s = _PATIENCE_S
        while True:
            found = re.search(r"http://\S+:\d+", self.output)
            if found:
                return found[0]
            deadline_s -= 0.02
            try:
                code = self._process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                if deadline_s > 0:
                    continue
                self.stop()
                self._fail(f"printed no address in {_PATIENCE_S:g} s")
            self._fail(f"ended with code {code}")

    def stop(self) -> None:
        """End it, as Ctrl-C does; a second time does nothing."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(60)
            self._fail("did not end in 5 s")

    def _fail(self, what: str) -> NoReturn:
        pytest.fail(f"the dashboard {what}:\n{self.output}")
