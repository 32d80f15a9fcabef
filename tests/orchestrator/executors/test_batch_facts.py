"""What the kernel counts of processes that it ended for want of memory."""

from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.supervision import batch_facts
from ml_tracking_ops.orchestrator.supervision.batch_facts import n_memory_kills


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(batch_facts, "_CGROUPS", str(tmp_path))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    return tmp_path


def count(path: Path, n_kills: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"low 0\noom_kill {n_kills}\n")


def in_groups(monkeypatch: pytest.MonkeyPatch, *groups: str) -> None:
    monkeypatch.setattr(batch_facts, "_own_groups", lambda: list(groups))


@pytest.mark.parametrize(
    ("group", "file"),
    [
        ("0::/pod/slice", "pod/slice/memory.events"),
        ("0::/outside/name", "memory.events"),
        ("4:memory:/pod", "memory/pod/memory.oom_control"),
        ("4:memory:/outside/name", "memory/memory.oom_control"),
    ],
)
def test_own_group_or_that_of_the_container_counts(
    groups: Path, monkeypatch: pytest.MonkeyPatch, group: str, file: str
) -> None:
    count(groups / file, 3)
    in_groups(monkeypatch, "3:cpuset:/", group)
    assert n_memory_kills() == 3


def test_in_a_job_only_its_own_group_counts(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    count(groups / "memory.events", 3)
    count(groups / "slurm" / "memory.events", 3)
    in_groups(monkeypatch, "0::/slurm")
    assert n_memory_kills() is None
    count(groups / "slurm" / "job_7" / "memory.events", 1)
    in_groups(monkeypatch, "0::/slurm/job_7")
    assert n_memory_kills() == 1
