"""A sweep on a real cluster, run by the real command line. Each engine has a subclass."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

LIMIT_S = 120
COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]
SCRIPT = Path(__file__).parent / "scripts" / "train.py"


def wait_for(condition: Callable[[], object], what: str, within_s: float = LIMIT_S) -> None:
    """Wait until a condition is true.

    Raises:
        TimeoutError: it did not become true in time.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within_s:.0f} s for {what}")
        time.sleep(0.05)


class ClusterSweep:
    """A sweep whose script is `scripts/train.py`.

    Args:
        folder: of the project.
        executor: the keys of the engine.
        records: the folder in the sweep's folder with the records of runners.
    """

    def __init__(self, folder: Path, executor: dict[str, Any], records: str) -> None:
        self.folder = folder
        self._executor = executor
        self._records = records
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copy(SCRIPT, folder)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of the sweep and of other commands."""
        return dict(os.environ)

    def configure(
        self,
        mode: str = "short",
        n_runs: int = 1,
        *,
        engine: dict[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        """Write the configuration.

        Args:
            engine: keys of the executor.
        """
        executor = {**self._executor, **(engine or {})}
        config = {
            "main_script_name": "train.py",
            "hyperparameters": {
                "x": {"type": "uniform", "min": 0, "max": 1},
                "mode": {"type": "constant", "value": mode},
            },
            "max_runs": n_runs,
            "early_stopping": False,
            "optimization_metric": "Accuracy",
            "optimization_goal": "max",
            "grace_s": 2,
            "executor": {key: value for key, value in executor.items() if value is not None},
            **changes,
        }
        (self.folder / "experiment_cfg.json").write_text(json.dumps(config))

    def start(self, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        """
        Args:
            prefix: what the command begins with.
        """
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*prefix, *COMMAND, "sweep", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def resume(self, *, prefix: tuple[str, ...] = ()) -> None:
        self.start("--resume", self.path.name, "--yes", prefix=prefix)

    def ask(self, action: str, *arguments: str) -> None:
        """Run a command about the sweep, as a user does from another shell."""
        done = subprocess.run(
            [*COMMAND, action, str(self.path), *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def why_stopped(self) -> list[str]:
        """Return why its runs were asked to end, from the records of their runners."""
        records = sorted(self.path.glob(f"{self._records}/*.processes.jsonl"))
        events = [event for path in records for event in JournalTail(path).read()]
        return [str(event["why"]) for event in events if event["event"] == "stopping"]

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill its orchestrator, as a crash of the machine would."""
        self.signal(signal.SIGKILL)
        self.wait_exit()

    def wait_exit(self, within_s: float = LIMIT_S) -> int:
        assert self._process is not None
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the sweep still runs: {self.summary}") from None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def path(self) -> Path:
        (path,) = self._sweeps()
        return path

    def _sweeps(self) -> list[Path]:
        return [one for one in (self.folder / "runs").glob("*") if one.is_dir()]

    @property
    def events(self) -> list[dict[str, Any]]:
        folders = self._sweeps()
        return JournalTail(folders[0] / "journal.jsonl").read() if folders else []

    @property
    def record(self) -> SweepRecord:
        record = SweepRecord(goal="max")
        for event in self.events:
            record.apply(event)
        return record

    @property
    def runs(self) -> list[RunRecord]:
        return list(self.record.runs.values())

    @property
    def printed(self) -> str:
        """Return what it has printed."""
        output = self.folder / "output"
        return output.read_text() if output.exists() else ""

    @property
    def summary(self) -> str:
        """Return what happened, for the message of a failed test."""
        return "\n".join(
            [self.printed[-2000:], *(json.dumps(event) for event in self.events[-30:])]
        )

    def wait_for(
        self, what: str, condition: Callable[[], object], within_s: float = LIMIT_S
    ) -> None:
        """Wait until a condition is true. The sweep must still be running.

        Raises:
            TimeoutError: it did not become true in time.
        """
        try:
            wait_for(lambda: condition() or not self.is_running, what, within_s)
            if not condition():
                raise TimeoutError(f"the sweep ended before {what}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self.summary}") from None

    def wait_states(self, *states: str, within_s: float = LIMIT_S) -> None:
        def are() -> bool:
            return sorted(run.state for run in self.runs) == sorted(states)

        self.wait_for(f"runs to be {states}", are, within_s)

    def wait_ready(self, n: int = 1, text: str = "ready") -> None:
        """Wait until this number of runs have printed what matches a pattern."""

        def count() -> int:
            outputs = (path.read_text() for path in self.folder.glob("runs/*/*.log"))
            return sum(re.search(text, output) is not None for output in outputs)

        self.wait_for(f"{n} runs to print {text}", lambda: count() >= n)

    def release(self) -> None:
        """Let all waiting trainings end."""
        (self.folder / "release").touch()

    @property
    def processes(self) -> list[int]:
        """Return the processes of its trainings on all nodes."""
        mark = f"ML_TRACKING_OPS_RUN_FILE={self.folder}/".encode()
        found = []
        for one in Path("/proc").iterdir():
            if one.name.isdigit():
                try:
                    environment = (one / "environ").read_bytes()
                except OSError:
                    continue
                if any(variable.startswith(mark) for variable in environment.split(b"\0")):
                    found.append(int(one.name))
        return found

    def close(self) -> None:
        if self.is_running:
            self.signal(signal.SIGKILL)
            self.wait_exit()
        for pid in self.processes:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
