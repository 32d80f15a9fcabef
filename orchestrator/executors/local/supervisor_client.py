"""Start processes through a supervisor, a process of its own that is their parent.

The supervisor outlives an orchestrator that is killed, and records how each process ended (see
`supervision`).
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from ml_tracking_ops.logger.guarded import open_guarded

from ...supervision.messages import receive_message, send_message
from ...supervision.os_processes import SIGKILL, signal_processes
from ...supervision.process_table import find_marked
from .process_group import ProcessGroup, TerminationSettings
from .supervisor_process import take_supervisor

_ANSWER_S = 30.0
_CLOSE_S = 5.0
_USUAL = TerminationSettings()


class SupervisorClient:
    """Starts processes through a supervisor of their own, one after the other."""

    def __init__(self) -> None:
        self._starting = anyio.Lock(fast_acquire=True)  # from a request to its answer
        self._socket: socket.socket | None = None
        self._program: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        self._grace_s = 0.0
        self._record: tuple[Path, int] | None = None

    def open(self) -> None:
        """Start the supervisor before it is needed, which takes a moment."""
        if self._socket is not None:
            return
        process = take_supervisor()
        self._socket, self._program = process.socket, process.program
        self._socket.settimeout(_ANSWER_S)
        self._environment = process.environment

    async def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output_path: Path,
        record_path: Path,
        marker: str,
        tag: Mapping[str, Any],
        stopping: TerminationSettings = _USUAL,
    ) -> ProcessGroup:
        """Start `arguments` in `folder`. stdin is empty, the output is appended to a file.

        Once it has begun it is not cancelled: a process that was started is never lost.

        Args:
            record_path: where the supervisor records the start and the end.
            marker: the name of the variable by which its descendants are known.
            tag: is in the record beside each.

        Raises:
            OSError: the program or the folder does not exist, may not be used, or the machine has
                no process or file left.
        """
        async with self._starting:
            return await self._start(
                arguments, folder, environment, output_path, record_path, marker, tag, stopping
            )

    async def _start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output_path: Path,
        record_path: Path,
        marker: str,
        tag: Mapping[str, Any],
        stopping: TerminationSettings,
    ) -> ProcessGroup:
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
            record_fd = self._open_record(record_path, append)
            answer = await self._ask(request, [report_fd, output_fd, record_fd])
            if "pid" not in answer:
                raise OSError(answer["errno"], answer["message"], answer["path"] or arguments[0])
            on_failure.pop_all()
        pid, identity = answer["pid"], answer["identity"]
        return ProcessGroup(self.signal, pid, identity, result_fd, mark, stopping)

    def _open_record(self, path: Path, flags: int) -> int:
        """Open the record. All runs of a sweep have the same one, so it is kept open."""
        if self._record is None or self._record[0] != path:
            self._close_record()
            self._record = path, open_guarded(path, flags)
        return self._record[1]

    def _close_record(self) -> None:
        if self._record is not None:
            os.close(self._record[1])
            self._record = None

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Signal the group of a process that was started here and has not ended.

        Raises:
            OSError: the supervisor is gone.
        """
        if (sock := self._socket) is None:
            raise ProcessLookupError("the supervisor has been closed")
        send_message(sock, {"signal": number, "pid": pid})

    def close(self) -> None:
        """Let the supervisor end, as it does once none of its processes remains."""
        self._close_record()
        self._close_supervisor()

    def _close_supervisor(self) -> None:
        if self._socket is None or self._program is None:
            return
        self._socket.close()
        self._socket = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._program.wait(_CLOSE_S + self._grace_s)

    def _changes(self, environment: Mapping[str, str]) -> dict[str, str | None]:
        """Return the differences of an environment from the supervisor's own."""
        own = self._environment
        changes: dict[str, str | None] = dict.fromkeys(own.keys() - environment.keys())
        changes.update(environment.items() - own.items())
        return changes

    async def _ask(self, request: dict[str, Any], files: list[int]) -> dict[str, Any]:
        """Send a request and wait for the answer. A supervisor that was killed is replaced."""
        for is_last_try in (False, True):
            self.open()
            assert self._socket is not None
            try:
                send_message(self._socket, request, files)
                deadline = anyio.current_time() + _ANSWER_S
                with anyio.CancelScope(deadline=deadline, shield=True) as waiting:
                    await anyio.wait_readable(self._socket)
                if waiting.cancelled_caught:
                    raise TimeoutError("the supervisor does not answer")
                return receive_message(self._socket)[0]
            except OSError:
                if is_last_try:
                    raise
                self._close_supervisor()
                signal_processes(find_marked(request["marker"]), SIGKILL)
        raise AssertionError


def _resolve(program: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Return the path of a program, as the shell would find it with this environment."""
    if os.sep in program:
        return program
    path = shutil.which(program, path=environment.get("PATH", os.defpath))
    if path is None:
        raise FileNotFoundError(2, "no such program", program)
    return os.path.join(folder, path)  # noqa: PTH118  (an entry of PATH may be relative)
