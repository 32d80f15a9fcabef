"""What the kernel counts of processes that it ended for want of memory."""

from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.supervision.batch_facts import n_memory_kills


def count(path: Path, n_kills: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"low 0\noom_kill {n_kills}\n")


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, file: str
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    count(tmp_path / file, 3)
    assert n_memory_kills(["3:cpuset:/", group], str(tmp_path)) == 3


def test_in_a_job_only_its_own_group_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    count(tmp_path / "memory.events", 3)
    count(tmp_path / "slurm" / "memory.events", 3)
    assert n_memory_kills(["0::/slurm"], str(tmp_path)) is None
    count(tmp_path / "slurm" / "job_7" / "memory.events", 1)
    assert n_memory_kills(["0::/slurm/job_7"], str(tmp_path)) == 1
