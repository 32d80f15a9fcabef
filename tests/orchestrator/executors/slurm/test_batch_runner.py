"""The program inside each job, with real processes and without Slurm."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sweeps import wait_until

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.logger.system_metrics.sampler import system_path
from ml_tracking_ops.orchestrator.executors.base import RunCommand
from ml_tracking_ops.orchestrator.executors.runner_record import RunnerRecord, read_record
from ml_tracking_ops.orchestrator.executors.slurm.files import SlurmFiles, runner_name
from ml_tracking_ops.orchestrator.store.endings import ending_of
from ml_tracking_ops.orchestrator.supervision.process_table import find_marked

LIMIT_S = 60
NAME = "2026-11-29_10-00-00_0001"
WAITS = "import time; print('ready', flush=True); time.sleep(600)"
IGNORES = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"
LEAVES = (
    "import subprocess, sys; "
    f"subprocess.Popen([sys.executable, '-c', {WAITS!r}], start_new_session=True); print('left')"
)


class Job:
    """A runner that was started as a batch script starts it."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], **settings: Any) -> None:
        self.files = SlurmFiles(folder)
        self.log = folder / f"{NAME}.log"
        self.marker = f"MARK={folder}"
        command = RunCommand(
            arguments,
            folder,
            {"MARK": str(folder)},
            self.log,
            marker="MARK",
            tag={"name": NAME, "index": 1, "attempt": 1, "slot": 0},
        )
        usual = {
            "stop_signal": "SIGTERM",
            "stop_grace_s": LIMIT_S,
            "grace_s": 0.2,
            "kill_wait_s": 30,
            "time_s": None,
            "margin_s": 40,
        }
        self.files.prepare(command, {**usual, **settings}, None)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        program = [sys.executable, "-I", "-S", str(self.files.folder / runner_name())]
        return subprocess.Popen(
            [*program, str(self.files.spec_path(NAME))],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "SLURM_JOB_ID": "42", "SLURMD_NODENAME": "n1", **environment},
        )

    @property
    def record(self) -> RunnerRecord:
        return read_record(self.files.record_path(NAME))

    def wait_ready(self) -> None:
        wait_until(lambda: "ready" in self.log.read_text(), "the script to be ready")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., tuple[Job, subprocess.Popen[str]]]]:
    """Starts a job with a Python program. It is ended with the test."""
    runners: list[subprocess.Popen[str]] = []

    def start(code: str, **settings: Any) -> tuple[Job, subprocess.Popen[str]]:
        job = Job(tmp_path, (sys.executable, "-c", code), **settings)
        runners.append(job.start())
        return job, runners[-1]

    yield start
    for runner in runners:
        runner.kill()
        runner.communicate(timeout=LIMIT_S)


Started = Callable[..., tuple[Job, "subprocess.Popen[str]"]]


def test_end_is_recorded_with_exit_code_node_and_job(started: Started) -> None:
    job, runner = started("print('hello'); raise SystemExit(3)")
    runner.communicate(timeout=LIMIT_S)
    assert runner.returncode == 3
    record = job.record
    assert (record.exit_code, record.why, record.is_over) == (3, None, True)
    assert (record.job, record.node) == ("42", "n1")
    assert job.log.read_text() == "hello\n"


def test_signal_that_ended_the_process_is_recorded(started: Started) -> None:
    job, runner = started("import os; os.kill(os.getpid(), 11)")
    runner.communicate(timeout=LIMIT_S)
    assert (job.record.exit_code, runner.returncode) == (-11, 128 + 11)


def test_usr2_asks_the_process_to_end_once(started: Started) -> None:
    job, runner = started(WAITS)
    job.wait_ready()
    runner.send_signal(signal.SIGUSR2)
    runner.send_signal(signal.SIGUSR2)
    runner.communicate(timeout=LIMIT_S)
    assert (job.record.exit_code, job.record.why) == (-signal.SIGTERM, "stop")


def test_process_that_ignores_the_signal_is_killed_after_its_grace_period(started: Started) -> None:
    job, runner = started(IGNORES, stop_grace_s=0.2)
    job.wait_ready()
    runner.send_signal(signal.SIGUSR2)
    runner.communicate(timeout=LIMIT_S)
    assert (job.record.exit_code, job.record.why) == (-signal.SIGKILL, "stop")


def test_quit_ends_the_process_at_once(started: Started) -> None:
    job, runner = started(IGNORES)
    job.wait_ready()
    runner.send_signal(signal.SIGQUIT)
    runner.communicate(timeout=LIMIT_S)
    assert (job.record.exit_code, job.record.why) == (-signal.SIGKILL, "stop")


def test_slurms_sigterm_is_not_repeated_without_control_groups(started: Started) -> None:
    job, runner = started(WAITS)
    job.wait_ready()
    runner.send_signal(signal.SIGTERM)
    wait_until(lambda: job.record.why == "terminated", "the record")
    assert job.record.exit_code is None
    os.killpg(_pid(job), signal.SIGTERM)  # Slurm sends it to all processes
    runner.communicate(timeout=LIMIT_S)
    assert (job.record.exit_code, job.record.why) == (-signal.SIGTERM, "terminated")


def test_process_that_ignores_slurm_is_killed_before_slurm_kills_the_runner(
    started: Started,
) -> None:
    job, runner = started(IGNORES, kill_wait_s=2.5)
    job.wait_ready()
    runner.send_signal(signal.SIGTERM)
    runner.communicate(timeout=LIMIT_S)
    assert (job.record.exit_code, job.record.why) == (-signal.SIGKILL, "terminated")


@pytest.mark.parametrize(("left_s", "why"), [(30, "time_limit"), (3600, "preempted")])
def test_slurms_warning_is_recognised_by_the_time_left(
    tmp_path: Path, left_s: int, why: str
) -> None:
    job = Job(tmp_path, (sys.executable, "-c", WAITS))
    runner = job.start(SLURM_JOB_END_TIME=str(int(time.time()) + left_s))
    try:
        job.wait_ready()
        runner.send_signal(signal.SIGUSR1)
        runner.communicate(timeout=LIMIT_S)
        assert (job.record.exit_code, job.record.why) == (-signal.SIGTERM, why)
    finally:
        runner.kill()
        runner.communicate(timeout=LIMIT_S)


@pytest.mark.parametrize(
    ("time_of_it", "why"), [("None", "time_limit"), ("2026-11-29T10:00:00", "preempted")]
)
def test_slurms_warning_is_recognised_by_the_job_state(
    tmp_path: Path, time_of_it: str, why: str
) -> None:
    scontrol = tmp_path / "bin" / "scontrol"
    scontrol.parent.mkdir()
    scontrol.write_text(f"#!/bin/sh\necho '   PreemptEligibleTime=x PreemptTime={time_of_it}'\n")
    scontrol.chmod(0o755)
    job = Job(tmp_path, (sys.executable, "-c", WAITS), time_s=86_400)
    runner = job.start(PATH=f"{scontrol.parent}:{os.environ['PATH']}")
    try:
        job.wait_ready()
        runner.send_signal(signal.SIGUSR1)
        runner.communicate(timeout=LIMIT_S)
        assert job.record.why == why
    finally:
        runner.kill()
        runner.communicate(timeout=LIMIT_S)


def test_system_metrics_of_a_node_are_sampled_beside_the_log(
    started: Started, tmp_path: Path
) -> None:
    dat_path = tmp_path / f"{NAME}.dat"
    system = Path(system_path(str(dat_path)))
    sampling = {"dat_path": str(dat_path), "folders": [], "every_s": 0.05}
    job, runner = started(WAITS, sampling=sampling)
    wait_until(lambda: system.exists() and len(read_log(system)) > 1, "samples")
    runner.send_signal(signal.SIGUSR2)
    runner.communicate(timeout=LIMIT_S)
    assert job.record.exit_code == -signal.SIGTERM
    log = read_log(system)
    assert (log["system/memory"].value > 1).all()
    assert (log["system/cpu"].value >= 0).all()
    assert ending_of(system).is_closed


def test_second_copy_of_an_attempt_starts_nothing(started: Started, tmp_path: Path) -> None:
    job, runner = started("print('once')")
    runner.communicate(timeout=LIMIT_S)
    before = job.files.record_path(NAME).read_bytes()
    second = job.start(SLURM_RESTART_COUNT="1")
    message, _ = second.communicate(timeout=LIMIT_S)
    assert second.returncode == 0
    assert "nothing is started a second time" in message
    assert job.log.read_text() == "once\n"
    assert job.files.record_path(NAME).read_bytes() == before


def test_abandoned_attempt_starts_nothing(tmp_path: Path) -> None:
    job = Job(tmp_path, (sys.executable, "-c", "print('never')"))
    job.files.give_up(NAME)
    runner = job.start()
    message, _ = runner.communicate(timeout=LIMIT_S)
    assert runner.returncode == 0
    assert "given this attempt up" in message
    assert job.record == RunnerRecord()


def test_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    job = Job(tmp_path, ("no-such-program",))
    runner = job.start()
    runner.communicate(timeout=LIMIT_S)
    assert runner.returncode == 127
    assert job.record.not_started == "No such file or directory: no-such-program"


def test_daemon_that_a_script_leaves_is_ended(started: Started) -> None:
    job, runner = started(LEAVES)
    runner.communicate(timeout=LIMIT_S)
    assert (job.record.exit_code, job.record.is_over) == (0, True)
    assert find_marked(job.marker) == []


def test_runs_get_the_threads_that_slurm_gives_them(tmp_path: Path) -> None:
    code = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ.get('MARK') is not None)"
    job = Job(tmp_path, (sys.executable, "-c", code))
    runner = job.start(SLURM_CPUS_PER_TASK="3")
    runner.communicate(timeout=LIMIT_S)
    assert job.log.read_text() == "3 True\n"


def test_specification_can_be_read_by_its_user_only(tmp_path: Path) -> None:
    job = Job(tmp_path, ("true",))
    path = job.files.spec_path(NAME)
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["arguments"] == ["true"]


def test_batch_script_quotes_what_it_names(tmp_path: Path) -> None:
    folder = tmp_path / "a folder's 100%"
    folder.mkdir()
    files = SlurmFiles(folder)
    script = files.script(NAME, ["module load cuda"], None)
    assert script.startswith("#!/bin/sh\ntrap '' USR1\n")
    assert "\nmodule load cuda\nexec " in script
    files.folder.mkdir()
    shown = script.replace("exec ", "printf '%s\\n' ")
    done = subprocess.run(["sh"], input=shown, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.stdout.splitlines()[-1] == str(files.spec_path(NAME))


@pytest.mark.parametrize("setup", ["exit 3", "set -e\n(exit 3)"])
def test_setup_that_ends_the_job_is_recorded_with_its_exit_code(tmp_path: Path, setup: str) -> None:
    folder = tmp_path / "a folder's 100%"
    folder.mkdir()
    files = SlurmFiles(folder)
    files.folder.mkdir()
    script = files.script(NAME, [setup], None)
    assert subprocess.run(["sh"], input=script, text=True, timeout=LIMIT_S).returncode == 3
    assert read_record(files.record_path(NAME)).setup_exit_code == 3
    script = files.script("other", ["true"], "echo")
    subprocess.run(["sh"], input=script, text=True, timeout=LIMIT_S, check=True)
    assert read_record(files.record_path("other")) == RunnerRecord(began=True)


def test_many_starts_at_once_share_one_runner(tmp_path: Path) -> None:
    files = SlurmFiles(tmp_path)
    commands = [RunCommand(("true",), tmp_path, {}, tmp_path / f"{n}.log") for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda command: files.prepare(command, {}, None), commands))
    names = [path.name for path in files.folder.iterdir() if "runner" in path.name]
    assert names == [runner_name()]


def test_jobs_of_two_sweeps_never_have_the_same_name(tmp_path: Path) -> None:
    names = {SlurmFiles(tmp_path / one).job_name(NAME) for one in ("a", "b")}
    assert len(names) == 2
    assert all(name.endswith(NAME) for name in names)


def _pid(job: Job) -> int:
    for line in job.files.record_path(NAME).read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "process_started":
            return int(event["pid"])
    raise AssertionError("the process has not started")
