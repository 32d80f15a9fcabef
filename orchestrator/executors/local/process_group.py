"""Process groups: start one, wait for it, stop it with all that belongs to it.

A supervisor, a process of its own, is the parent of what is started here; see `supervision`. A
group that an earlier orchestrator started and that still runs is an `AdoptedGroup`.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from ml_tracking_ops.logger.guarded import open_guarded

from ...supervision.messages import receive_message, send_message
from ...supervision.os_processes import (
    SIGCONT,
    SIGKILL,
    open_pidfd,
    signal_group,
    signal_processes,
)
from ...supervision.process_table import find_marked, is_alive, is_group_alive, process_identity

__all__ = ["AdoptedGroup", "ProcessGroup", "SupervisorClient", "process_identity"]

_POLL_S = 0.02
_POLL_LEADER_S = 0.25
LEFTOVER_GRACE_S = 1.0
_REPORT_BYTES = 4096
_RECORD_WITHIN_S = 5.0
_OLD_RECORD_WITHIN_S = 1.0
_ANSWER_S = 30.0
_CLOSE_S = 5.0
_PROGRAM = """\
import sys
sys.path.append(sys.argv[1])
from supervision.server import main
main()
"""


@dataclass(frozen=True)
class Stopping:
    """How processes are asked to end.

    Attributes:
        number: the signal that asks a run to end.
        leftover_grace_s: seconds between that and SIGKILL for what a script left running.
    """

    number: signal.Signals = signal.SIGTERM
    leftover_grace_s: float = LEFTOVER_GRACE_S


class _Group:
    """What all process groups can be asked for.

    Attributes:
        pid: of the leader, and the number of the group.
        identity: tells the leader from a later process with the same number.
        started_at: seconds since the epoch.
        left_running: the commands of processes that the leader had not ended when it exited.
    """

    def __init__(
        self, pid: int, identity: str | None, started_at: float, stopping: Stopping
    ) -> None:
        self.pid = pid
        self.identity = identity
        self.started_at = started_at
        self.left_running: tuple[str, ...] = ()
        self._stopping = stopping
        self._has_exited = anyio.Event()
        self._is_terminated = False

    async def stop(self, grace_s: float) -> None:
        """The signal that asks the group to end; SIGKILL to the group after `grace_s` seconds."""
        self.terminate()
        with anyio.move_on_after(grace_s):
            await self._has_exited.wait()
            return
        self.kill()
        await self._has_exited.wait()

    def terminate(self) -> None:
        """Ask the whole group to end, once; also one that is suspended.

        A second signal would reach a script in the middle of its orderly end.
        """
        if not self._is_terminated:
            self._is_terminated = True
            self._signal(self._stopping.number)
            self._signal(SIGCONT)

    def kill(self) -> None:
        """End the whole group at once."""
        self._signal(SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        raise NotImplementedError


class ProcessGroup(_Group):
    """A running command that leads a session and process group of its own."""

    def __init__(
        self,
        supervisor: "SupervisorClient",
        pid: int,
        identity: str | None,
        result_fd: int,
        marker: str,
        stopping: Stopping,
    ) -> None:
        super().__init__(pid, identity, time.time(), stopping)
        self._supervisor = supervisor
        self._result_fd = result_fd
        self._marker = marker
        self._exit_code: int | None = None

    async def wait(self) -> int | None:
        """Wait for the leader to exit and for all that it left running in its group to be gone.

        May be called again once it has returned.

        Returns:
            The exit code; negative where a signal ended the leader. None where nobody saw it,
            because the supervisor was killed.
        """
        if self._has_exited.is_set():
            return self._exit_code
        await anyio.wait_readable(self._result_fd)
        text = os.read(self._result_fd, _REPORT_BYTES)
        if not text:  # the supervisor is gone, but the process need not be
            orphan = AdoptedGroup(
                self.pid, self.identity, self.started_at, self._marker, stopping=self._stopping
            )
            await orphan.wait()
        os.close(self._result_fd)
        if text:
            report = json.loads(text)
            self._exit_code, self.left_running = report["exit_code"], tuple(report["left_running"])
        self._has_exited.set()
        return self._exit_code

    def _signal(self, number: signal.Signals) -> None:
        if self._has_exited.is_set():
            return
        try:
            self._supervisor.signal(self.pid, number)
        except OSError:
            signal_if_same(self.pid, self.identity, number)


class AdoptedGroup(_Group):
    """A group whose leader is no child of ours, nor of our supervisor.

    Args:
        marker: the variable (`NAME=value`) that only its processes have in their environment.
        find_exit_code: looks for the exit code on record; None where it is not there (yet).
    """

    def __init__(
        self,
        pid: int,
        identity: str | None,
        started_at: float,
        marker: str,
        find_exit_code: Callable[[], int | None] | None = None,
        *,
        stopping: Stopping = Stopping(),
    ) -> None:
        super().__init__(pid, identity, started_at, stopping)
        self._marker = marker
        self._find_exit_code = find_exit_code

    async def wait(self) -> int | None:
        """Wait for the leader to exit and for all that it left running to be gone.

        Returns:
            The exit code on record; None where there is none.
        """
        within_s = _RECORD_WITHIN_S if await self._wait_exited() else _OLD_RECORD_WITHIN_S
        exit_code = await self._wait_for_record(within_s)
        with anyio.CancelScope(shield=True):
            await self._clear_leftovers()
        self._has_exited.set()
        return exit_code

    def _signal(self, number: signal.Signals) -> None:
        signal_if_same(self.pid, self.identity, number)

    async def _wait_exited(self) -> bool:
        """Wait until the leader is gone; return whether it was there."""
        pidfd = open_pidfd(self.pid)
        was_there = False
        try:
            while is_alive(self.pid, self.identity):
                was_there = True
                if pidfd is None:
                    await anyio.sleep(_POLL_LEADER_S)
                else:
                    await anyio.wait_readable(pidfd)
            return was_there
        finally:
            if pidfd is not None:
                os.close(pidfd)

    async def _wait_for_record(self, within_s: float) -> int | None:
        """Its supervisor writes the record at once; where it was killed, nobody does."""
        if self._find_exit_code is None:
            return None
        with anyio.move_on_after(within_s):
            while (exit_code := self._find_exit_code()) is None:  # noqa: ASYNC110
                await anyio.sleep(_POLL_S)
            return exit_code
        return None

    async def _clear_leftovers(self) -> None:
        """End what is left, in the group or not; its supervisor, if alive, does the same."""
        kill_at = anyio.current_time() + self._stopping.leftover_grace_s
        number = signal.SIGTERM
        while (marked := find_marked(self._marker)) or self._has_group():
            if number == signal.SIGTERM or anyio.current_time() >= kill_at:
                if self._has_group():
                    signal_group(self.pid, number)
                signal_processes(marked, number)
            number = SIGKILL
            await anyio.sleep(_POLL_S)

    def _has_group(self) -> bool:
        """Whether somebody is left in the group; nobody else's leader has the number then."""
        is_of_this_boot = _boot(self.identity) == _boot(process_identity(os.getpid()))
        is_gone = self.pid > 1 and process_identity(self.pid) is None
        return is_of_this_boot and is_gone and is_group_alive(self.pid)


class SupervisorClient:
    """Starts processes through a supervisor of their own."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._program: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        self._grace_s = 0.0

    def open(self) -> None:
        """Start the supervisor, which takes a moment, before it is needed."""
        if self._socket is not None:
            return
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_ANSWER_S)
        self._environment = self._environment or dict(os.environ)
        with theirs:
            self._program = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, str(Path(__file__).parents[2])],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                env=self._environment,
            )

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output_path: Path,
        record_path: Path,
        marker: str,
        tag: Mapping[str, Any],
        stopping: Stopping = Stopping(),
    ) -> ProcessGroup:
        """Start `arguments` in `folder`; stdin is empty, the output is appended to a file.

        Args:
            record_path: where the supervisor takes down the start and the end.
            marker: the name of the variable by which its descendants are known.
            tag: stands in the record beside each.

        Raises:
            OSError: the program or the folder does not exist, may not be used, or the machine
                has no process or file to give.
        """
        self.open()
        mark = f"{marker}={environment[marker]}"
        self._grace_s = stopping.leftover_grace_s
        request = {
            "arguments": [_resolve(arguments[0], folder, environment), *arguments[1:]],
            "folder": str(folder),
            "environment": self._changes(environment),
            "tag": dict(tag),
            "marker": mark,
            "grace_s": stopping.leftover_grace_s,
        }
        append = os.O_RDWR | os.O_CREAT | os.O_APPEND
        with contextlib.ExitStack() as files:
            result_fd, report_fd = os.pipe()
            files.callback(os.close, report_fd)
            on_failure = files.enter_context(contextlib.ExitStack())
            on_failure.callback(os.close, result_fd)
            output_fd = open_guarded(output_path, append)
            files.callback(os.close, output_fd)
            record_fd = open_guarded(record_path, append)
            files.callback(os.close, record_fd)
            answer = self._ask(request, [report_fd, output_fd, record_fd])
            if "pid" not in answer:
                raise OSError(answer["errno"], answer["message"], answer["path"] or arguments[0])
            on_failure.pop_all()
        return ProcessGroup(self, answer["pid"], answer["identity"], result_fd, mark, stopping)

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Signal the group of a process that was started here and has not ended.

        Raises:
            OSError: the supervisor is gone.
        """
        if self._socket is None:
            raise ProcessLookupError("the supervisor has been let go")
        send_message(self._socket, {"signal": number, "pid": pid})

    def close(self) -> None:
        """Let the supervisor end, as it does once nothing of its processes is left."""
        if self._socket is None or self._program is None:
            return
        self._socket.close()
        self._socket = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._program.wait(_CLOSE_S + self._grace_s)

    def _changes(self, environment: Mapping[str, str]) -> dict[str, str | None]:
        """An environment, as far as it differs from the supervisor's own."""
        own = self._environment
        changes: dict[str, str | None] = dict.fromkeys(own.keys() - environment.keys())
        changes.update(environment.items() - own.items())
        return changes

    def _ask(self, request: dict[str, Any], files: list[int]) -> dict[str, Any]:
        """Send a request and wait for the answer; a supervisor that was killed is replaced."""
        for is_last_try in (False, True):
            self.open()
            assert self._socket is not None
            try:
                send_message(self._socket, request, files)
                return receive_message(self._socket)[0]
            except OSError:
                if is_last_try:
                    raise
                self.close()
                signal_processes(find_marked(request["marker"]), SIGKILL)
        raise AssertionError


def signal_if_same(pid: int, identity: str | None, number: signal.Signals) -> None:
    """Signal a group, unless its leader is another process by now, or gone."""
    if is_alive(pid, identity):
        signal_group(pid, number)


def _boot(identity: str | None) -> str | None:
    return identity and identity.rpartition(":")[0]


def _resolve(program: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Where a program is, as the shell would look for it with this environment."""
    if os.sep in program:
        return program
    path = shutil.which(program, path=environment.get("PATH", os.defpath))
    if path is None:
        raise FileNotFoundError(2, "no such program", program)
    return os.path.join(folder, path)  # noqa: PTH118  (an entry of PATH may be relative)
