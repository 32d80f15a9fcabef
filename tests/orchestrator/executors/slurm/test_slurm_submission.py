"""A job is submitted once, whatever Slurm's commands report."""

import sys
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.executors.base import RunCommand
from ml_tracking_ops.orchestrator.executors.slurm.client import SlurmError
from ml_tracking_ops.orchestrator.executors.slurm.executor import SlurmExecutor
from ml_tracking_ops.orchestrator.executors.slurm.settings import SlurmSettings

pytestmark = pytest.mark.anyio
SUBMITS_AND_FAILS = """\
for one in "$@"; do case $one in --job-name=*) name=${one#*=}; esac; done
echo "7|$name|PENDING|Resources|" >> jobs
echo 'sbatch: error: Batch job submission failed: Socket timed out' >&2; exit 1
"""
ANSWERS_LATE = """\
echo x >> asked
[ $(wc -l < asked) -gt {n_failures} ] && exec cat jobs
echo 'squeue: error: {error}' >&2; exit 1
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "sweep").mkdir()
    write(tmp_path, "sbatch", SUBMITS_AND_FAILS)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def engine() -> SlurmExecutor:
    return SlurmExecutor(SlurmSettings(), 1, stop_signal="SIGTERM", grace_s=10.0, again_s=(0, 0, 0))


def command(folder: Path) -> RunCommand:
    output = folder / "sweep" / "2026-11-29_10-00-00_0001.log"
    return RunCommand((sys.executable, "-c", "pass"), folder, {}, output)


@pytest.mark.parametrize("error", ["Unable to contact slurm controller", "an unknown error"])
async def test_job_is_looked_for_until_slurm_answers(folder: Path, error: str) -> None:
    write(folder, "squeue", ANSWERS_LATE.format(n_failures=2, error=error))
    executor = engine()
    run = await executor.submit(command(folder), executor.slots[0])
    assert run.job_id == "7"
    assert len((folder / "jobs").read_text().splitlines()) == 1


async def test_run_that_is_tried_again_later_is_looked_for_first(folder: Path) -> None:
    write(folder, "squeue", ANSWERS_LATE.format(n_failures=4, error="Unable to contact"))
    executor = engine()
    with pytest.raises(SlurmError, match=r"it is not known whether .*_0001 was submitted: Unable"):
        await executor.submit(command(folder), executor.slots[0])
    run = await executor.submit(command(folder), executor.slots[0])
    assert run.job_id == "7"
    assert len((folder / "jobs").read_text().splitlines()) == 1


async def test_job_that_slurm_does_not_know_is_submitted_again(folder: Path) -> None:
    write(folder, "squeue", "exit 0\n")
    write(
        folder,
        "sbatch",
        "echo x >> tries; [ $(wc -l < tries) -gt 1 ] && echo 8 && exit\n"
        "echo 'sbatch: error: Socket timed out' >&2; exit 1\n",
    )
    executor = engine()
    run = await executor.submit(command(folder), executor.slots[0])
    assert run.job_id == "8"
