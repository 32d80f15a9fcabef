import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from places import trainer_path

from ml_tracking_ops.orchestrator.executors.local.process_group import ProcessGroup
from ml_tracking_ops.orchestrator.executors.local.supervisor_client import SupervisorClient
from ml_tracking_ops.orchestrator.supervision.process_table import process_identity

LIMIT_S = 60

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_leaks")]


async def start(supervisor: SupervisorClient, tmp_path: Path, *arguments: str) -> ProcessGroup:
    environment = {**os.environ, "MARK": str(tmp_path)}
    return await supervisor.start(
        arguments,
        tmp_path,
        environment,
        tmp_path / "output",
        tmp_path / "processes.jsonl",
        "MARK",
        {"name": "run"},
    )


@asynccontextmanager
async def started(tmp_path: Path, *arguments: str) -> AsyncIterator[ProcessGroup]:
    """A process that is killed at the latest on leaving."""
    supervisor = SupervisorClient()
    try:
        group = await start(supervisor, tmp_path, *arguments)
        with anyio.fail_after(LIMIT_S):
            yield group
    finally:
        with anyio.CancelScope(shield=True):
            group.kill()
            await group.wait()
        supervisor.close()


def group_members(group: int) -> list[str]:
    """The processes of a group that still run (zombies do not)."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[2] == str(group) and fields[0] not in "ZX":
                members.append(entry.name)
    return members


async def until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(LIMIT_S):
        while not condition():
            await anyio.sleep(0.005)


def output(tmp_path: Path) -> str:
    path = tmp_path / "output"
    return path.read_text() if path.exists() else ""


async def test_exit_code_and_output_are_kept(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(5)"
    async with started(tmp_path, sys.executable, "-u", "-c", code) as group:
        assert await group.wait() == 5
    assert output(tmp_path) == "out\nerr\n"


async def test_death_by_signal_is_a_negative_exit_code(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    async with started(tmp_path, sys.executable, "-c", code) as group:
        assert await group.wait() == -signal.SIGSEGV


async def test_missing_program_raises(tmp_path: Path) -> None:
    supervisor = SupervisorClient()
    for program in ("./nowhere", "no-such-program"):
        with pytest.raises(FileNotFoundError, match=program):
            await start(supervisor, tmp_path, program)
    supervisor.close()


async def test_stop_ends_workers_that_ignore_sigterm(tmp_path: Path) -> None:
    script = str(trainer_path("ignores_sigterm.py"))
    async with started(tmp_path, sys.executable, script) as group:
        await until(lambda: output(tmp_path).count("ready") == 3)
        assert len(group_members(group.pid)) == 3
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(group.stop, 0.1)
            assert await group.wait() == -signal.SIGKILL
        assert group_members(group.pid) == []


async def test_stop_leaves_time_to_end_cleanly(tmp_path: Path) -> None:
    script = str(trainer_path("hopeless.py"))
    arguments = (sys.executable, script, f"--logdir={tmp_path / 'runs'}")
    async with started(tmp_path, *arguments) as group:
        await until(lambda: any(tmp_path.glob("runs/*/*.dat")))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(group.stop, 20)
            assert await group.wait() == 0
    assert "terminated" in output(tmp_path)


async def test_sigterm_arrives_once(tmp_path: Path) -> None:
    code = """
import signal, sys, time
n = 0
def count(number, frame):
    global n
    n += 1
signal.signal(signal.SIGTERM, count)
print("ready", flush=True)
while n == 0:
    time.sleep(0.01)
time.sleep(0.2)
sys.exit(n)
"""
    async with started(tmp_path, sys.executable, "-c", code) as group:
        await until(lambda: "ready" in output(tmp_path))
        group.terminate()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(group.stop, 20)
            assert await group.wait() == 1


async def test_suspended_process_is_ended(tmp_path: Path) -> None:
    code = "import os, signal; print('ready', flush=True); os.kill(os.getpid(), signal.SIGSTOP)"
    async with started(tmp_path, sys.executable, "-c", code) as group:
        await until(lambda: "ready" in output(tmp_path))
        group.terminate()
        assert await group.wait() == -signal.SIGTERM


async def test_child_that_outlives_its_parent_is_ended(tmp_path: Path) -> None:
    script = str(trainer_path("leaves_child.py"))
    async with started(tmp_path, sys.executable, script) as group:
        assert await group.wait() == 3
        assert group_members(group.pid) == []


async def test_identity_distinguishes_a_process_from_a_later_one(tmp_path: Path) -> None:
    async with started(tmp_path, "sleep", "600") as group:
        assert group.identity is not None
        assert process_identity(group.pid) == group.identity
        assert process_identity(os.getpid()) != group.identity
        group.kill()
        await group.wait()
        assert process_identity(group.pid) is None


async def test_arguments_arrive_unchanged(tmp_path: Path) -> None:
    code = "import sys; print(sys.argv[1:])"
    values = ["--a=", "--b=-x y", "--c=$(false)`false`;\n", "--d=é"]
    async with started(tmp_path, sys.executable, "-c", code, *values) as group:
        assert await group.wait() == 0
    assert output(tmp_path).strip() == repr(values)
