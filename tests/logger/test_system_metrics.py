"""What a sampler finds of processes, and the log that it writes beside a run's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sweeps import wait_until

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.logger.system_metrics.gpus import GpuReader
from ml_tracking_ops.logger.system_metrics.processes import ProcessTrees
from ml_tracking_ops.logger.system_metrics.sampler import SystemSampler, system_path
from ml_tracking_ops.logger.system_metrics.thread import SamplingThread
from ml_tracking_ops.orchestrator.store.catalog import Catalog

WORKER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "print('child', flush=True)\\nwhile True: pass"])
held = bytearray(b"x" * 50_000_000)
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def worker() -> Iterator[tuple[int, int]]:
    """A process that holds 50 MB and has a child that is busy: the numbers of both."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    lines = {process.stdout.readline().strip(), process.stdout.readline().strip()}
    (child,) = (int(line) for line in lines if line.isdigit())
    yield process.pid, child
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    process.stdout.close()


def test_a_tree_has_the_process_and_what_it_started(worker: tuple[int, int]) -> None:
    root, child = worker
    trees = ProcessTrees()

    found = trees.look([root, 999_999_999])

    assert set(found[root]) == {root, child}
    assert found[root][root].resident_bytes > 50_000_000
    assert found[999_999_999] == {}
    assert os.getpid() not in found[root]
    assert set(trees.look([root])[root]) == {root, child}  # the others are not read again


def test_root_created_later_is_found(worker: tuple[int, int]) -> None:
    trees = ProcessTrees()
    trees.look([os.getppid()])
    trees.forget()
    assert worker[1] in trees.look([worker[0]])[worker[0]]


def test_system_metrics_have_a_separate_log(tmp_path: Path, worker: tuple[int, int]) -> None:
    dat_path = tmp_path / "run" / "run.dat"
    dat_path.parent.mkdir()
    with ExperimentLogger.at(dat_path) as writer:
        writer.add_scalar("Loss", 1.0, 0)
    sampler = SystemSampler(ExperimentLogger.at)
    sampler.add(worker[0], str(dat_path), time.time() - 10)
    sampler.add(999_999_999, str(tmp_path / "other.dat"), time.time())
    sampler.sample()
    sampler.close()

    log = read_log(system_path(str(dat_path)))

    assert sorted(log) == ["system/cpu", "system/memory"]
    assert log["system/memory"].value[0] > 50
    assert log["system/cpu"].value[0] > 0
    assert log["system/cpu"].step[0] in (10, 11)
    assert sorted(read_log(dat_path)) == ["Loss"]
    assert sorted(read_log(dat_path.parent)) == ["Loss"]  # the folder's one run
    assert not (tmp_path / "other.system.dat").exists()
    catalog = Catalog(tmp_path)
    catalog.refresh()
    assert list(catalog.experiments) == ["run"]


class FakeGpus(GpuReader):
    """Two GPUs, one of which reports only its utilization."""

    def values(self, name: str) -> dict[str, float]:
        return {"utilization": 50.0, "memory": 1e3} if name == "3" else {"utilization": 10.0}


def test_gpus_are_named_by_their_place_in_the_run(tmp_path: Path, worker: tuple[int, int]) -> None:
    sampler = SystemSampler(ExperimentLogger.at)
    sampler.gpus = FakeGpus()
    sampler.add(worker[0], str(tmp_path / "run.dat"), time.time(), ("3", "GPU-5"))
    sampler.sample()
    sampler.close()

    log = read_log(tmp_path / "run.system.dat")

    assert log["system/gpu/0/memory"].value.tolist() == [1e3]
    assert log["system/gpu/1/utilization"].value.tolist() == [10.0]
    assert "system/gpu/1/memory" not in log


def test_a_thread_samples_this_process(tmp_path: Path) -> None:
    thread = SamplingThread(str(tmp_path / "run.dat"), ExperimentLogger.at, every_s=0.01)
    path = tmp_path / "run.system.dat"
    wait_until(lambda: path.exists() and path.stat().st_size > 100)
    thread.close()

    assert read_log(path)["system/memory"].value[0] > 1


def test_run_that_is_already_sampled_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "run.system.dat"
    with ExperimentLogger.at(path) as orchestrator:
        orchestrator.add_scalar("system/cpu", 1.0, 0)
        thread = SamplingThread(str(tmp_path / "run.dat"), ExperimentLogger.at, every_s=0.01)
        thread._thread.join(30)
        assert not thread._thread.is_alive()

    assert read_log(path)["system/cpu"].value.tolist() == [1.0]


def test_the_logger_stops_its_thread(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path, system_metrics=True) as writer:
        writer.add_scalar("Loss", 1.0, 0)
        sampling = writer._sampling
        assert sampling is not None
        assert sampling._thread.is_alive()
    assert not sampling._thread.is_alive()
