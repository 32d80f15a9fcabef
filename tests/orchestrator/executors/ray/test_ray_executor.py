"""Runs in slots: real drivers, runners and processes, with stand-ins for Ray's actors."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from leftovers import own_processes_with
from places import ROOT
from small_disk import small_disk
from sweeps import (
    COMMAND,
    processes_with,
    run_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.executors.base import RecordedRun, RunCommand, RunEnd
from ml_tracking_ops.orchestrator.executors.ray.executor import RayExecutor
from ml_tracking_ops.orchestrator.executors.ray.run import RayRun
from ml_tracking_ops.orchestrator.executors.ray.settings import RaySettings

pytestmark = pytest.mark.anyio
STAND_IN = ROOT / "tests/orchestrator/executors/ray/stand_in"
WAITS = "import time; print('ready', flush=True); time.sleep(600)"
LIMIT_S = 60


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))


class Heard:
    """Collects the warnings of an engine."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def warn_once(self, kind: str, message: str) -> None:
        self.messages.append(message)

    def take_back(self, kind: str, message: str) -> None:
        self.messages.append(message)


def engine(
    n_slots: int = 2, *, samples: bool = False, sample_every_s: float = 5.0, **keys: object
) -> RayExecutor:
    return RayExecutor(
        RaySettings.model_validate(keys),
        n_slots,
        stop_signal="SIGTERM",
        grace_s=LIMIT_S,
        samples=samples,
        sample_every_s=sample_every_s,
    )


def command(folder: Path, number: int, code: str) -> RunCommand:
    name = f"2026-11-29_10-00-00_{number:04d}"
    run_file = folder / f"{name}.dat"
    return RunCommand(
        (sys.executable, "-c", code, str(run_file)),
        folder,
        {"MARK": str(run_file)},
        run_file.with_suffix(".log"),
        marker="MARK",
        tag={"name": name, "index": number, "attempt": 1, "slot": 0},
    )


async def ended(run: RayRun) -> RunEnd:
    with anyio.fail_after(LIMIT_S):
        return await run.wait()


async def started(run: RayRun, report: Callable[[str], None] = print) -> None:
    with anyio.fail_after(LIMIT_S):
        assert await run.wait_started(report) is not None


async def printed(run: RayRun, log: Path, text: str) -> None:
    await started(run)
    with anyio.fail_after(LIMIT_S):
        while text not in log.read_text():
            await anyio.sleep(0.02)


async def test_run_writes_on_its_node_and_all_of_it_arrives(tmp_path: Path):
    code = "import sys; print(sys.argv[1]); open(sys.argv[1], 'wb').write(b'x' * 5000); exit(3)"
    asked = command(tmp_path, 1, code)
    async with engine() as executor:
        run = await executor.submit(asked, executor.slots[0])
        assert await executor.submit(asked, executor.slots[0]) is run
        end = await ended(run)
    assert (end.exit_code, end.cause) == (3, "exited")
    log = asked.output_path.read_text().strip()
    assert not log.startswith(str(tmp_path))
    assert asked.output_path.with_suffix(".dat").read_bytes() == b"x" * 5000
    assert not os.path.exists(os.path.dirname(log))


async def test_shared_folder_is_written_by_the_run_itself(tmp_path: Path):
    asked = command(tmp_path, 1, "import sys; print(sys.argv[1])")
    async with engine(shared_folder=True) as executor:
        end = await ended(await executor.submit(asked, executor.slots[0]))
    assert end.exit_code == 0
    assert asked.output_path.read_text().strip() == str(asked.output_path.with_suffix(".dat"))


async def test_stopped_run_is_asked_to_end_with_all_its_processes(tmp_path: Path):
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAITS!r}]); {WAITS}"
    asked = command(tmp_path, 1, child)
    async with engine() as executor:
        run = await executor.submit(asked, executor.slots[0])
        await printed(run, asked.output_path, "ready\nready")
        with anyio.fail_after(LIMIT_S):
            await run.stop(LIMIT_S)
        end = await ended(run)
    assert (end.exit_code, end.cause) == (-signal.SIGTERM, "cancelled")
    assert processes_with(str(asked.output_path.with_suffix(".dat"))) == []


async def test_run_without_a_place_waits_and_can_be_stopped(tmp_path, monkeypatch):
    monkeypatch.setenv("STAND_IN_RAY", "1")
    heard, reasons = Heard(), []
    async with engine(num_cpus=4) as executor:
        executor.report_to(heard)
        first = await executor.submit(command(tmp_path, 1, WAITS), executor.slots[0])
        await started(first)
        second = await executor.submit(command(tmp_path, 2, WAITS), executor.slots[1])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(second.wait_started, reasons.append)
            with anyio.fail_after(LIMIT_S):
                while not (reasons and heard.messages):
                    await anyio.sleep(0.02)
                await second.stop(LIMIT_S)
        await first.stop(LIMIT_S)
    assert reasons == ["waiting for 4 CPU"]
    assert heard.messages == ["no node of the Ray cluster has 4 CPU: runs wait until one joins"]
    assert second.end is not None
    assert second.end.cause == "cancelled"


async def test_finished_slot_makes_room_for_a_waiting_one(tmp_path, monkeypatch):
    monkeypatch.setenv("STAND_IN_RAY", "1")
    async with engine() as executor:
        runs = [
            await executor.submit(command(tmp_path, number, "print(1)"), executor.slots[number - 1])
            for number in (1, 2)
        ]
        assert [(await ended(run)).exit_code for run in runs] == [0, 0]


async def test_program_that_cannot_be_started_is_reported(tmp_path: Path):
    asked = command(tmp_path, 1, "")
    missing = RunCommand(("no-such-program",), *list(vars(asked).values())[1:])
    async with engine() as executor:
        end = await ended(await executor.submit(missing, executor.slots[0]))
    assert end.cause == "never_started"
    assert "no-such-program" in str(end.detail)


async def test_cluster_that_cannot_be_used_is_a_clear_error(monkeypatch):
    monkeypatch.setenv("STAND_IN_RAY", "Version mismatch: the cluster has Ray 2.40")
    with pytest.raises(UsageError, match="cannot use the Ray cluster: Version mismatch"):
        async with engine():
            pass


async def test_address_at_which_no_cluster_answers_is_named(monkeypatch):
    monkeypatch.setenv("STAND_IN_RAY", "hangs")
    unreachable = RayExecutor(
        RaySettings(address="10.99.0.1:6399"),
        1,
        stop_signal="SIGTERM",
        grace_s=LIMIT_S,
        reached_within_s=0.2,
    )
    message = "nothing is reached at 10.99.0.1:6399 within 0.2 s. Check executor.address"
    with pytest.raises(UsageError, match=message), anyio.fail_after(LIMIT_S):
        async with unreachable:
            pass


def test_check_says_where_it_connects(tmp_path: Path):
    ray = {"type": "ray", "max_jobs": 2, "address": "10.99.0.1:6399"}
    write_config(tmp_path, "short.py", executor=ray)
    done = run_command("sweep", "--check", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "connecting to ray at 10.99.0.1:6399" in done.stderr


async def test_driver_that_is_killed_before_it_is_ready_is_started_again(tmp_path: Path):
    once = f'mkdir {tmp_path}/killed 2>/dev/null && kill -9 $$; exec "$@"'
    driver = (sys.executable, "-m", f"{RayExecutor.__module__.rpartition('.')[0]}.driver")
    killed_once = RayExecutor(
        RaySettings(),
        1,
        stop_signal="SIGTERM",
        grace_s=LIMIT_S,
        driver_command=("sh", "-c", once, "sh", *driver),
    )
    async with killed_once as ray:
        assert "Ray 2.60.0" in ray.cluster
    assert (tmp_path / "killed").exists()


async def test_run_ends_when_its_actor_is_gone(tmp_path: Path):
    """The driver is killed, and with it the actors, which here are part of it."""
    heard = Heard()
    asked = command(tmp_path, 1, WAITS)
    async with engine() as executor:
        executor.report_to(heard)
        run = await executor.submit(asked, executor.slots[0])
        await printed(run, asked.output_path, "ready")
        (driver,) = own_processes_with("executors.ray.driver")
        os.kill(driver, signal.SIGKILL)
        end = await ended(run)
        assert (end.exit_code, end.cause) == (None, "node_failed")
        again = await executor.submit(command(tmp_path, 2, "print(1)"), executor.slots[0])
        assert (await ended(again)).exit_code == 0
    assert "Ray closed the connection" in heard.messages[0]
    wait_until(lambda: not processes_with(asked.environment["MARK"]), "the end of its processes")


async def test_run_whose_runner_is_killed_has_ended_with_all_its_processes(tmp_path: Path):
    asked = command(tmp_path, 1, WAITS)
    async with engine() as executor:
        run = await executor.submit(asked, executor.slots[0])
        await printed(run, asked.output_path, "ready")
        (training,) = processes_with(f"/{tmp_path.name}/{run.name}.dat")
        runner = int(Path(f"/proc/{training}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(runner, signal.SIGKILL)
        end = await ended(run)
    assert (end.exit_code, end.cause) == (None, "node_failed")
    wait_until(lambda: not processes_with(f"/{tmp_path.name}/{run.name}.dat"), "its processes")


async def test_system_metrics_of_a_node_are_passed_on(tmp_path: Path):
    asked = command(tmp_path, 1, WAITS)
    async with engine(samples=True, sample_every_s=0.2) as executor:
        run = await executor.submit(asked, executor.slots[0])
        await printed(run, asked.output_path, "ready")
        samples = asked.output_path.with_suffix(".system.dat")
        with anyio.fail_after(LIMIT_S):
            while not samples.exists():
                await anyio.sleep(0.02)
            await run.stop(LIMIT_S)
        await ended(run)
    assert set(read_log(samples)) >= {"system/cpu", "system/memory"}


async def test_full_disk_is_waited_for(tmp_path: Path):
    heard = Heard()
    talks = "import time; print('ready', flush=True); time.sleep(1); print('x' * 9000)"
    with small_disk(tmp_path / "disk", as_root=True) as disk:
        asked = command(disk.folder, 1, talks)
        async with engine() as executor:
            executor.report_to(heard)
            run = await executor.submit(asked, executor.slots[0])
            await printed(run, asked.output_path, "ready")
            disk.fill()
            with anyio.fail_after(LIMIT_S):
                while not heard.messages:
                    await anyio.sleep(0.02)
            assert run.end is None
            disk.free()
            assert (await ended(run)).exit_code == 0
        assert asked.output_path.read_text() == "ready\n" + "x" * 9000 + "\n"
    first, second = heard.messages
    assert "until there is room: free some" in first
    assert "there is room" in second


async def test_run_that_no_slot_knows_has_ended(tmp_path: Path):
    known = RecordedRun("2026-11-29_10-00-00_0001", None, 1.0, 0)
    async with engine() as executor:
        found = await executor.find(tmp_path, [known])
    assert found[known.name].standing == "ended"
    assert (await ended(found[known.name].handle)).cause == "unknown"


def test_sweep_runs_in_slots(tmp_path: Path):
    write_config(
        tmp_path, "short.py", max_runs=4, executor={"type": "ray", "max_jobs": 2, "num_cpus": 2}
    )
    done = subprocess.run(
        [*COMMAND, "sweep"], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    folder = sweep_folder(tmp_path / "runs")
    record = state_of(folder)
    assert record.counts == {"finished": 4}
    assert all(run.best_value is not None for run in record.runs.values())
    refs = [
        json.loads(line).get("ref") for line in (folder / "journal.jsonl").read_text().splitlines()
    ]
    assert {ref["executor"] for ref in refs if ref} == {"ray"}
