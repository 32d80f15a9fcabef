"""Process groups: wait for one, stop it with all its processes.

A supervisor, a process of its own, starts them (`supervisor_client.py`) and is their parent. A
group that an earlier orchestrator started and that still runs is an `AdoptedGroup`.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from ...supervision.os_processes import SIGCONT, SIGKILL, open_pidfd, signal_group, signal_processes
from ...supervision.process_table import (
    find_marked,
    is_alive,
    is_group_alive,
    is_of_this_boot,
    process_identity,
)

_POLL_S = 0.02
_POLL_LEADER_S = 0.25
LEFTOVER_GRACE_S = 1.0
_REPORT_BYTES = 4096
_RECORD_WITHIN_S = 5.0
_OLD_RECORD_WITHIN_S = 1.0


@dataclass(frozen=True)
class TerminationSettings:
    """How processes are asked to end.

    Attributes:
        number: the signal that asks a run to end.
        leftover_grace_s: seconds between that and SIGKILL for what a script left running.
    """

    number: signal.Signals = signal.SIGTERM
    leftover_grace_s: float = LEFTOVER_GRACE_S


SendSignal = Callable[[int, signal.Signals], None]


class _Group:
    """The common interface of process groups.

    Attributes:
        pid: of the leader, and the number of the group.
        identity: distinguishes the leader from a later process with the same number.
        started_at: seconds since the epoch.
        left_running: the commands of processes that the leader left running when it exited.
    """

    def __init__(
        self, pid: int, identity: str | None, started_at: float, stopping: TerminationSettings
    ) -> None:
        self.pid = pid
        self.identity = identity
        self.started_at = started_at
        self.left_running: tuple[str, ...] = ()
        self._stopping = stopping
        self._has_exited = anyio.Event()
        self._is_terminated = False

    async def stop(self, grace_s: float) -> None:
        """Send the signal that asks the group to end, and SIGKILL after `grace_s` seconds."""
        self.terminate()
        with anyio.move_on_after(grace_s):
            await self._has_exited.wait()
            return
        self.kill()
        await self._has_exited.wait()

    def terminate(self) -> None:
        """Ask the whole group to end, once, even if it is suspended.

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
    """A running command that leads a session and process group of its own.

    Args:
        send_signal: signals the group with a number, through its parent, which knows that it
            exists.
        result_fd: becomes readable when it has ended, with the result.
    """

    def __init__(
        self,
        send_signal: SendSignal,
        pid: int,
        identity: str | None,
        result_fd: int,
        marker: str,
        stopping: TerminationSettings,
    ) -> None:
        super().__init__(pid, identity, time.time(), stopping)
        self._send_signal = send_signal
        self._result_fd = result_fd
        self._marker = marker
        self._exit_code: int | None = None

    async def wait(self) -> int | None:
        """Wait for the leader to exit and for all processes left in its group to be gone.

        May be called again once it has returned.

        Returns:
            The exit code, negative if a signal ended the leader. None if it was not observed,
            because the supervisor was killed.
        """
        if self._has_exited.is_set():
            return self._exit_code
        await anyio.wait_readable(self._result_fd)
        text = os.read(self._result_fd, _REPORT_BYTES)
        if not text:  # the supervisor is gone, but the process may still be there
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
            self._send_signal(self.pid, number)
        except OSError:
            signal_if_same(self.pid, self.identity, number)


class AdoptedGroup(_Group):
    """A group whose leader is not a child of this process or of its supervisor.

    Args:
        marker: the variable (`NAME=value`) that only its processes have in their environment.
        find_exit_code: returns the exit code on record, or None if it is not there (yet).
    """

    def __init__(
        self,
        pid: int,
        identity: str | None,
        started_at: float,
        marker: str,
        find_exit_code: Callable[[], int | None] | None = None,
        *,
        stopping: TerminationSettings = TerminationSettings(),
    ) -> None:
        super().__init__(pid, identity, started_at, stopping)
        self._marker = marker
        self._find_exit_code = find_exit_code

    async def wait(self) -> int | None:
        """Wait for the leader to exit and for all processes it left running to be gone.

        Returns:
            The exit code on record, or None if there is none.
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
        """Wait until the leader is gone, and return whether it was there."""
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
        """Wait for the exit code. Its supervisor records it at once, unless it was killed."""
        if self._find_exit_code is None:
            return None
        with anyio.move_on_after(within_s):
            while (exit_code := self._find_exit_code()) is None:  # noqa: ASYNC110
                await anyio.sleep(_POLL_S)
            return exit_code
        return None

    async def _clear_leftovers(self) -> None:
        """End the remaining processes, in the group or not, as a living supervisor would."""
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
        """Return whether a process is left in the group. No other leader has its number then."""
        is_gone = self.pid > 1 and process_identity(self.pid) is None
        return is_of_this_boot(self.identity) and is_gone and is_group_alive(self.pid)


def signal_if_same(pid: int, identity: str | None, number: signal.Signals) -> None:
    """Signal a group, unless its leader is gone or another process."""
    if is_alive(pid, identity):
        signal_group(pid, number)
