"""Sweeps on real clusters. `scripts/test-clusters` installs Slurm and runs them.

The main suite does not collect this folder: see `norecursedirs` in pyproject.toml.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cluster_sweep import ClusterSweep, wait_for
from slurm_cluster import SlurmCluster, can_use_cgroups, missing_programs


def pytest_sessionstart() -> None:
    missing = missing_programs()
    if missing:
        pytest.exit(f"{', '.join(missing)} are missing: run scripts/test-clusters", returncode=1)


@dataclass(frozen=True)
class ClusterKind:
    """The kind of cluster that a test needs. `changes` are lines of `slurm.conf`."""

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
    """Run all tests with control groups in one process: groups are named after nodes and jobs."""
    for item in items:
        kind = getattr(item, "callspec", None) and item.callspec.params.get("cluster")
        if kind == CGROUP:
            item.add_marker(pytest.mark.xdist_group("control groups"))


class Clusters:
    """Clusters in use, one of each kind. A damaged one is replaced."""

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
    """Return an undamaged, empty cluster."""
    found = clusters.get(getattr(request, "param", LINUXPROC))
    yield found
    found.cancel_all()


class SlurmSweep(ClusterSweep):
    """A sweep on a cluster of Slurm."""

    def __init__(self, cluster: SlurmCluster, folder: Path) -> None:
        super().__init__(folder, {"type": "slurm", "max_jobs": 4, "time": 60}, ".slurm")
        self.cluster = cluster
        self.bin = folder / "bin"
        self.bin.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        environment = self.cluster.environment
        return {**environment, "PATH": f"{self.bin}:{environment['PATH']}"}

    def command(self, name: str, text: str) -> None:
        """Put a program in front of one of Slurm's. `$REAL` is the real one."""
        real = shutil.which(name, path=self.cluster.environment["PATH"])
        path = self.bin / name
        path.write_text(f"#!/bin/bash\nREAL={real}\n{text}\n")
        path.chmod(0o755)

    def check_nothing_is_left(self) -> None:
        """Check that no job is in the queue and no process is alive."""
        wait_for(lambda: not self.cluster.jobs(), "the queue to be empty")
        wait_for(lambda: not self.processes, "all trainings to be gone")


@pytest.fixture
def sweep(cluster: SlurmCluster, tmp_path: Path) -> Iterator[SlurmSweep]:
    found = SlurmSweep(cluster, tmp_path)
    yield found
    found.close()
