import os
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.executors.local import cpus as resources
from ml_tracking_ops.orchestrator.executors.local.executor import LocalExecutor


def test_usable_cpus_respects_affinity() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert resources.usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "max 100000"}, None),
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu.max": "400000 100000", "a/b/cpu.max": "200000 100000"}, 2.0),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3.0),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({"cpu.max": "nonsense"}, None),
    ],
)
def test_cgroup_quota_is_the_smallest_on_the_way_up(
    tmp_path: Path, files: dict[str, str], expected: float | None
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert resources._cgroup_quota(tmp_path, "a/b") == expected


def test_quota_below_one_cpu_leaves_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000")
    monkeypatch.setattr(resources, "_own_cgroup", lambda: "")
    assert resources.usable_cpus(tmp_path) == 1


def test_each_slot_owns_a_gpu_and_its_share_of_threads() -> None:
    n_cpus = resources.usable_cpus()
    executor = LocalExecutor(environment={"CUDA_VISIBLE_DEVICES": "3,5", "OMP_NUM_THREADS": "9"})
    share = str(max(1, n_cpus // 2))
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in executor.slots] == ["3", "5"]
    assert all(slot.environment["MKL_NUM_THREADS"] == share for slot in executor.slots)
    assert all("OMP_NUM_THREADS" not in slot.environment for slot in executor.slots)


def test_workers_default_to_usable_cpus_without_a_gpu() -> None:
    executor = LocalExecutor(environment={"CUDA_VISIBLE_DEVICES": ""})
    assert len(executor.slots) == resources.usable_cpus()
