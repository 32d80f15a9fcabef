"""Sweeps on real clusters; `scripts/test-clusters` installs what is needed and runs them.

The main suite does not collect this folder: see `norecursedirs` in pyproject.toml.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from slurm_cluster import LIMIT_S, SlurmCluster, can_use_cgroups, missing_programs, wait_for

from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

SCRIPTS = Path(__file__).parent / "scripts"
COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]


def pytest_sessionstart() -> None:
    missing = missing_programs()
    if missing:
        pytest.exit(f"{', '.join(missing)} are missing: run scripts/test-clusters", returncode=1)


@dataclass(frozen=True)
class ClusterKind:
    """What a test needs its cluster to be like; `changes` are lines of `slurm.conf`."""

    tracker: str = "linuxproc"
    changes: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "-".join([self.tracker, *(f"{key}={value}" for key, value in self.changes)])


LINUXPROC, CGROUP = ClusterKind("linuxproc"), ClusterKind("cgroup")
LOSES_NODES = ClusterKind(changes=(("SlurmdTimeout", "10"),))
WARNS_PREEMPTED = ClusterKind(changes=(("SlurmctldParameters", "preempt_send_user_signal"),))
FULL = ClusterKind(changes=(("MaxJobCount", "4"), ("MinJobAge", "2")))
TRACKERS = (LINUXPROC, CGROUP) if can_use_cgroups() else (LINUXPROC,)


def on_clusters(*kinds: ClusterKind) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("cluster", kinds, ids=str, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process has all clusters with control groups: those are named after nodes and jobs."""
    for item in items:
        kind = getattr(item, "callspec", None) and item.callspec.params.get("cluster")
        if kind == CGROUP:
            item.add_marker(pytest.mark.xdist_group("control groups"))


class Clusters:
    """Clusters in use, one of each kind; one that a test has damaged is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._n_started = 0
        self._running: dict[ClusterKind, SlurmCluster] = {}

    def get(self, kind: ClusterKind) -> SlurmCluster:
        found = self._running.get(kind)
        if found is not None and not found.is_fit:
            self._end(kind)
            found = None
        if found is None:
            self._n_started += 1
            folder = self._folder / str(self._n_started)
            found = self._running[kind] = SlurmCluster(folder, kind.tracker, **dict(kind.changes))
            found.up()
        return found

    def _end(self, kind: ClusterKind) -> None:
        self._running.pop(kind).down()

    def end_all(self) -> None:
        for kind in list(self._running):
            self._end(kind)


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    with tempfile.TemporaryDirectory(prefix="slurm-test-", ignore_cleanup_errors=True) as folder:
        found = Clusters(Path(folder))
        yield found
        found.end_all()


@pytest.fixture
def cluster(clusters: Clusters, request: pytest.FixtureRequest) -> Iterator[SlurmCluster]:
    """A cluster that is whole and empty."""
    found = clusters.get(getattr(request, "param", LINUXPROC))
    yield found
    found.cancel_all()


class SlurmSweep:
    """A sweep on a cluster, by the real command line."""

    def __init__(self, cluster: SlurmCluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copy(SCRIPTS / "train.py", folder)

    def configure(self, mode: str = "short", n_runs: int = 1, **changes: Any) -> None:
        """Write the configuration; `slurm` among the changes has keys of the executor."""
        executor = {"type": "slurm", "max_jobs": 4, "time": 60, **changes.pop("slurm", {})}
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

    def command(self, name: str, text: str) -> None:
        """Put a program in front of one of Slurm's; `$REAL` names that."""
        real = shutil.which(name, path=self.cluster.environment["PATH"])
        path = self.bin / name
        path.write_text(f"#!/bin/bash\nREAL={real}\n{text}\n")
        path.chmod(0o755)

    def start(self, *arguments: str) -> None:
        environment = self.cluster.environment
        environment["PATH"] = f"{self.bin}:{environment['PATH']}"
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*COMMAND, "sweep", *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def resume(self) -> None:
        self.start("--resume", self.path.name, "--yes")

    def ask(self, action: str, *arguments: str) -> None:
        """Ask it as a user does, from another shell."""
        done = subprocess.run(
            [*COMMAND, action, str(self.path), *arguments],
            cwd=self.folder,
            env=self.cluster.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def why_stopped(self) -> list[str]:
        """Why its runs were asked to end, as their runners took down."""
        records = sorted(self.path.glob(".slurm/*.processes.jsonl"))
        events = [event for path in records for event in JournalTail(path).read()]
        return [str(event["why"]) for event in events if event["event"] == "stopping"]

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """As a crash of the machine that it runs on."""
        self.signal(signal.SIGKILL)
        self.wait_exit()

    def wait_exit(self, within_s: float = LIMIT_S) -> int:
        assert self._process is not None
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the sweep still runs: {self.story}") from None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def path(self) -> Path:
        (path,) = (self.folder / "runs").iterdir()
        return path

    @property
    def events(self) -> list[dict[str, Any]]:
        runs = self.folder / "runs"
        folders = list(runs.iterdir()) if runs.is_dir() else []
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
    def story(self) -> str:
        """What happened, for whoever reads a failed test."""
        output = self.folder / "output"
        said = output.read_text()[-2000:] if output.exists() else ""
        return "\n".join([said, *(json.dumps(event) for event in self.events[-30:])])

    def wait_for(
        self, what: str, condition: Callable[[], object], within_s: float = LIMIT_S
    ) -> None:
        """Wait until a condition is true; the sweep must not end before.

        Raises:
            TimeoutError: it did not become true in time.
        """
        try:
            wait_for(lambda: condition() or not self.is_running, what, within_s)
            if not condition():
                raise TimeoutError(f"the sweep ended before {what}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self.story}") from None

    def wait_states(self, *states: str, within_s: float = LIMIT_S) -> None:
        def are() -> bool:
            return sorted(run.state for run in self.runs) == sorted(states)

        self.wait_for(f"runs to be {states}", are, within_s)

    def wait_ready(self, n: int = 1, text: str = "ready") -> None:
        """Wait until so many attempts have printed a text."""

        def count() -> int:
            return sum(text in path.read_text() for path in self.folder.glob("runs/*/*.log"))

        self.wait_for(f"{n} runs to print {text}", lambda: count() >= n)

    def release(self) -> None:
        """Let all trainings end that wait."""
        (self.folder / "release").touch()

    @property
    def processes(self) -> list[int]:
        """The processes of its trainings, wherever they are."""
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

    def check_nothing_is_left(self) -> None:
        """Nothing of it is in the queue, and none of its processes lives."""
        wait_for(lambda: not self.cluster.jobs(), "the queue to be empty")
        wait_for(lambda: not self.processes, "all trainings to be gone")

    def close(self) -> None:
        if self.is_running:
            self.signal(signal.SIGKILL)
            self.wait_exit()
        for pid in self.processes:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


@pytest.fixture
def sweep(cluster: SlurmCluster, tmp_path: Path) -> Iterator[SlurmSweep]:
    found = SlurmSweep(cluster, tmp_path)
    yield found
    found.close()
