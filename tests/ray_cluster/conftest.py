"""Sweeps on a real Ray cluster. `scripts/test-ray` installs what is needed and runs them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_sweep import ClusterSweep, wait_for
from ray_cluster import RayCluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[RayCluster]:
    """Start the cluster for all tests. It ends with the namespaces."""
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as folder:
        found = RayCluster(Path(folder))
        found.up()
        yield found
        found.down()


class RaySweep(ClusterSweep):
    """A sweep on a cluster of Ray."""

    def __init__(self, cluster: RayCluster, folder: Path) -> None:
        super().__init__(folder, {"type": "ray", "max_jobs": 4, "num_cpus": 1}, ".ray")
        self.cluster = cluster
        self._files_before = self._files_on_nodes()

    @property
    def environment(self) -> dict[str, str]:
        return self.cluster.environment

    @property
    def processes(self) -> list[int]:
        """Return the processes of its runs, whose files are on the nodes."""
        marks = [f"/{one.name}/".encode() for one in self._sweeps()]
        return [pid for pid in _pids() if _is_of_a_run(pid, marks)]

    def _files_on_nodes(self) -> set[Path]:
        return set(self.cluster.node_files.glob("mlto-*"))

    def drivers(self) -> list[int]:
        return [pid for pid in _pids() if b"executors.ray.driver" in _read(pid, "cmdline")]

    def runners(self) -> list[int]:
        return [pid for pid in _pids() if b"runner.zip" in _read(pid, "cmdline")]

    def trainings(self) -> list[int]:
        return [pid for pid in self.processes if b"train.py" in _read(pid, "cmdline")]

    def check_nothing_is_left(self, *, has_lost_node: bool = False) -> None:
        """Check that no process, runner, actor or folder is left on living nodes."""
        wait_for(lambda: not self.processes, "all trainings to be gone")
        wait_for(lambda: not self.runners(), "all runners to be gone")
        wait_for(lambda: not self.drivers(), "the driver to be gone")
        wait_for(lambda: not self.cluster.slots(), "all slots to be free")
        assert has_lost_node or not self._files_on_nodes() - self._files_before


def _pids() -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _is_of_a_run(pid: int, marks: list[bytes]) -> bool:
    name = b"ML_TRACKING_OPS_RUN_FILE="
    variables = [one for one in _read(pid, "environ").split(b"\0") if one.startswith(name)]
    return any(mark in one for one in variables for mark in marks)


@pytest.fixture
def sweep(cluster: RayCluster, tmp_path: Path) -> Iterator[RaySweep]:
    found = RaySweep(cluster, tmp_path)
    yield found
    found.close()
