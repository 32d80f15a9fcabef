"""One process group: start it, wait for it, stop it with all that belongs to it.

The leader is not reaped until its group has been signalled, so that the group's number cannot
meanwhile have gone to somebody else's processes.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio

_POLL_S = 0.02
_LEFTOVER_GRACE_S = 1.0


class ProcessGroup:
    """A running command that leads a session and process group of its own.

    stdin is empty; stdout and stderr go to one file, as they come.
    """

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self._pidfd = _open_pidfd(popen.pid)
        self._has_exited = anyio.Event()
        self._is_terminated = False
        self.pid = popen.pid
        self.identity = process_identity(popen.pid)
        self.started_at = time.time()

    @classmethod
    def start(
        cls,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output_path: Path,
    ) -> "ProcessGroup":
        """Start `arguments` in `folder`; append its output to `output_path`.

        Raises:
            OSError: the program or the folder does not exist, may not be used, or the machine
                has no process or file to give.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        output = os.open(output_path, flags, 0o666)
        try:
            popen = subprocess.Popen(
                list(arguments),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(output)
        return cls(popen)

    async def wait(self) -> int:
        """Wait for the leader to exit and clear away what it left running in its group.

        May be called again once it has returned.

        Returns:
            The exit code; negative where a signal ended the leader.
        """
        if self._popen.returncode is not None:
            return self._popen.returncode
        await self._wait_exited()
        self.terminate()  # whoever the leader left behind; mostly nobody
        returncode = self._popen.wait()
        self._has_exited.set()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        await self._clear_leftovers()
        return returncode

    async def stop(self, grace_s: float) -> None:
        """SIGTERM to the group; SIGKILL to the group after `grace_s` seconds."""
        self.terminate()
        with anyio.move_on_after(grace_s):
            await self._has_exited.wait()
            return
        self.kill()
        await self._has_exited.wait()

    def terminate(self) -> None:
        """Ask the whole group to end, once; also one that is suspended.

        A second SIGTERM would reach a script in the middle of its orderly end.
        """
        if not self._is_terminated:
            self._is_terminated = True
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the whole group at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    async def _wait_exited(self) -> None:
        """Return once the leader is a zombie; leaves it one."""
        if self._pidfd is not None:
            await anyio.wait_readable(self._pidfd)
            return
        while not _is_zombie(self._popen):  # noqa: ASYNC110  (no event to be had)
            await anyio.sleep(_POLL_S)

    async def _clear_leftovers(self) -> None:
        with anyio.CancelScope(shield=True):
            deadline = anyio.current_time() + _LEFTOVER_GRACE_S
            while self._is_group_alive():
                if anyio.current_time() >= deadline:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(self.pid, signal.SIGKILL)
                    deadline += _LEFTOVER_GRACE_S
                await anyio.sleep(_POLL_S)

    def _is_group_alive(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return False  # only zombies of a group are left (macOS), or the number was reused
        return not _has_only_zombies(self.pid)


def _open_pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process exits (Linux), else None."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _is_zombie(popen: subprocess.Popen[bytes]) -> bool:
    if hasattr(os, "waitid"):
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, popen.pid, flags) is not None
    return popen.poll() is not None


def _has_only_zombies(group: int) -> bool:
    """Whether every member of a process group has exited and only waits for its parent."""
    try:
        pids = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except OSError:
        return False
    members = [fields for pid in pids if (fields := _stat_fields(pid)) and fields[2] == str(group)]
    return all(fields[0] in "ZX" for fields in members)


def _stat_fields(pid: str) -> list[str] | None:
    """The fields of /proc/PID/stat after the name: state, ppid, pgrp, …, starttime at 19."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def process_identity(pid: int) -> str | None:
    """What tells a process from a later one with the same number; None where there is none.

    On Linux the boot and the tick at which it started, which no change of the clock alters.
    """
    fields = _stat_fields(str(pid))
    if fields is not None:
        with contextlib.suppress(OSError):
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    if Path("/proc/self/stat").exists():
        return None
    started = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return started.stdout.strip() or None
