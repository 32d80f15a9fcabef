"""Slurm's commands, played by small scripts: what they say, how they fail, how they hang."""

import errno
import stat
from pathlib import Path

import pytest
from sweeps import run_command, write_config

from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.executors.registry import make_executor
from ml_tracking_ops.orchestrator.executors.slurm.client import (
    SlurmClient,
    SlurmError,
    explain_refusal,
    plain_environment,
)
from ml_tracking_ops.orchestrator.executors.slurm.queue import Job


class Commands:
    """A folder of programs at the beginning of the search path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    found = Commands(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{found.folder}:/usr/bin:/bin")
    return found


def test_number_of_a_job_is_read_with_a_cluster_and_with_notes(commands: Commands) -> None:
    commands.write("sbatch", "cat > /dev/null; echo 'a note'; echo '4711;cluster'")
    assert SlurmClient().submit(["--time=1"], "#!/bin/sh\n") == "4711"


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("sbatch: error: Batch job submission failed: Invalid partition name specified", "EINVAL"),
        (
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller",
            "EAGAIN",
        ),
        ("sbatch: error: Batch job submission failed: Socket timed out on send/recv", "EAGAIN"),
        (
            "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy",
            "EAGAIN",
        ),
    ],
)
def test_refusal_is_distinguished_from_a_passing_failure(
    commands: Commands, message: str, number: str
) -> None:
    commands.write("sbatch", f"echo '{message}' >&2; exit 1")
    with pytest.raises(SlurmError) as caught:
        SlurmClient().submit([], "")
    assert caught.value.errno == getattr(errno, number)
    assert str(caught.value.strerror) == message.removeprefix("sbatch: error: ")


def test_command_that_hangs_is_ended(commands: Commands) -> None:
    commands.write("squeue", "exec sleep 600")
    with pytest.raises(SlurmError, match="squeue has not answered within 0 s") as caught:
        SlurmClient(limit_s=0.2).jobs()
    assert caught.value.errno == errno.EAGAIN


def test_all_jobs_are_queried_in_one_call(commands: Commands, tmp_path: Path) -> None:
    commands.write("squeue", f"echo \"$@\" >> {tmp_path}/calls; echo '7|x|RUNNING|None|n1'")
    assert SlurmClient().jobs() == [Job("7", "x", "RUNNING", "None", "n1")]
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert "--states=all" in call
    assert "--user=" in call


def test_kill_wait_is_read_from_the_configuration(commands: Commands) -> None:
    commands.write("scontrol", "echo 'KillOnBadExit = 0'; echo 'KillWait                = 45 sec'")
    assert SlurmClient().kill_wait_s() == 45
    commands.write("scontrol", "exit 1")
    assert SlurmClient().kill_wait_s() == 30


def test_jobs_do_not_inherit_the_allocation_around_the_orchestrator() -> None:
    given = {
        "SLURM_CONF": "/etc/slurm.conf",
        "SLURM_MEM_PER_NODE": "1",
        "SBATCH_PARTITION": "x",
        "CUDA_VISIBLE_DEVICES": "0",
        "PMI_RANK": "0",
        "HOME": "/home/me",
    }
    assert plain_environment(given) == {"SLURM_CONF": "/etc/slurm.conf", "HOME": "/home/me"}


class NoNeeds:
    gpus_per_run = 1
    runs_per_gpu = 1
    min_free_gpu_memory_gb = None
    stop_signal = "SIGTERM"
    grace_s = None
    system_metrics = True


def test_missing_commands_and_job_limits_are_reported_before_anything_starts(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="max_jobs beside the type of the executor"):
        make_executor({"type": "slurm"}, None, NoNeeds(), Path(), Path())
    monkeypatch.setenv("PATH", str(commands.folder))
    commands.write("sbatch", "")
    with pytest.raises(UsageError, match="no squeue and no scancel here: run this command on a"):
        make_executor({"type": "slurm", "max_jobs": 2}, None, NoNeeds(), Path(), Path())
    commands.write("squeue", "")
    commands.write("scancel", "")
    assert (
        len(make_executor({"type": "slurm", "max_jobs": 2}, 5, NoNeeds(), Path(), Path()).slots)
        == 5
    )


def test_check_asks_slurm_and_starts_nothing(commands: Commands, tmp_path: Path) -> None:
    commands.write("sbatch", f"echo \"$@\" >> {tmp_path}/calls; echo 'sbatch: Job 7 to start' >&2")
    commands.write("squeue", "")
    commands.write("scancel", "")
    write_config(tmp_path, "short.py", executor={"type": "slurm", "partition": "gpu"})
    done = run_command("sweep", "--check", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the configuration has no mistakes\nslurm: Job 7 to start\n"
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.startswith("--test-only ")
    assert "--partition=gpu" in call
    assert not (tmp_path / "runs").exists()


def test_check_reports_what_slurm_refuses(commands: Commands, tmp_path: Path) -> None:
    commands.write("sbatch", "echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1")
    commands.write("squeue", "")
    commands.write("scancel", "")
    write_config(tmp_path, "short.py", executor={"type": "slurm", "partition": "gpu"})
    done = run_command("sweep", "--check", folder=tmp_path)
    assert done.returncode == 2
    assert "Slurm would refuse such a job: invalid partition specified: gpu" in done.stderr


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("resolve_ctls_from_dns_srv: res_nsearch error: Unknown host", "Slurm's configuration is"),
        ("allocation failure: Unable to contact slurm controller", "Slurm takes no such job now: "),
    ],
)
def test_check_without_an_answer_of_slurm_is_no_refusal(
    commands: Commands, printed: str, message: str
) -> None:
    commands.write("sbatch", f"echo 'sbatch: error: {printed}' >&2; exit 1")
    with pytest.raises(SlurmError) as caught:
        SlurmClient().test([], "")
    assert explain_refusal(caught.value).startswith(message)
    assert str(caught.value) == printed


def test_check_of_a_local_sweep_asks_no_engine(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py")
    done = run_command("sweep", "--check", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "the configuration has no mistakes\n")
