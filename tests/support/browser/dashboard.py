"""The real command on a free port. Its output is shown when a test fails.

Each dashboard is a process, forked from one that has imported the command's modules. Hundreds of
tests need one, and the imports would take longer than most tests.
"""

import multiprocessing
import os
import re
import sys
from multiprocessing import forkserver
from pathlib import Path
from typing import NoReturn

import pytest

_PROCESSES = multiprocessing.get_context("forkserver")
_IMPORTS = (
    "anyio._backends._asyncio",
    "ml_tracking_ops.orchestrator.cli.arguments.parser",
    "ml_tracking_ops.orchestrator.cli.commands.dashboard",
    "ml_tracking_ops.web.app",
    "ml_tracking_ops.web.server",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
)
_PATIENCE_S = 15.0


def start_imports() -> None:
    """Start the process from which dashboards are forked, unless it is running."""
    _PROCESSES.set_forkserver_preload([*_IMPORTS, __name__])
    forkserver.ensure_running()


def _run(arguments: list[str], output: Path, environment: dict[str, str]) -> None:
    """Run the command. Never returns."""
    from ml_tracking_ops.orchestrator.cli.main import run

    os.environ.clear()
    os.environ.update(environment)
    files = os.open(os.devnull, os.O_RDONLY), os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for standard, file in enumerate((*files, files[1])):
        os.dup2(file, standard)
    sys.argv = ["ml-tracking-ops", "web", *arguments]
    run()


class Dashboard:
    """The running command. `url` is the address that it printed."""

    def __init__(self, logdir: Path, output: Path, port: int = 0, *options: str) -> None:
        self.logdir = logdir
        self._output = output
        arguments = ["--logdir", str(logdir), "--port", str(port), *options]
        output.touch()
        self._process = _PROCESSES.Process(target=_run, args=(arguments, output, dict(os.environ)))
        self._process.start()
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
            self._process.join(0.02)
            if self._process.exitcode is not None:
                self._fail(f"ended with code {self._process.exitcode}")
            if deadline_s <= 0:
                self.stop()
                self._fail(f"printed no address in {_PATIENCE_S:g} s")

    def stop(self) -> None:
        """Stop it as Ctrl-C does. A second call does nothing."""
        self._process.terminate()
        self._process.join(5)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join(60)
            self._fail("did not end in 5 s")

    def _fail(self, what: str) -> NoReturn:
        pytest.fail(f"the dashboard {what}:\n{self.output}")
