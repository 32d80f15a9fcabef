"""The parent of a sweep's training processes: it starts them, and takes down how they ended.

A program of its own, since only the parent of a process learns its exit code, and an orchestrator
may die before its runs do. Each orchestrator has one; it outlives it until the last run is over
and nothing of any run is left.

stdin is a socket to the orchestrator. A request to start a process comes with three open files:
where to report its exit code, its output, and the sweep's `processes.jsonl`, from which a later
orchestrator learns what became of the runs of an earlier one. Each line of that has `event`,
`time` (seconds since the epoch), the request's `tag`, and:

    process_started   pid, process_identity
    process_ended     pid, exit_code (negative where a signal ended the process)
"""

import contextlib
import errno
import os
import select
import signal
import socket
import sys
import time

from .child import LEFTOVER_GRACE_S, Process
from .messages import N_FILES, receive_message, send_message
from .os_processes import (
    ASK_TO_END,
    SIGCONT,
    SIGKILL,
    adopt_orphans,
    has_children,
    next_exited,
    notice_ends_of_children,
    reap,
    signal_group,
    signal_processes,
)
from .process_table import environment_of, is_group_alive, living_children

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .messages import Message

_NAMED_AFTER_S = 0.25
_LOOK_S = 0.25
_CLEARING_LOOK_S = 0.02
_WRITE_FOR_S = 600.0
_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE", "SIGXFSZ")


class Supervisor:
    """Starts processes until the other end of `sock` is closed; stays until all are gone.

    A process is not reaped before its group has been signalled, so that the group's number
    cannot have gone to somebody else meanwhile.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._is_connected = True
        self._processes: dict[int, Process] = {}
        self._ended_markers: set[bytes] = set()
        self._orphans: dict[int, float] = {}
        self._may_have_orphans = False
        self._grace_s = LEFTOVER_GRACE_S
        self._look_at = 0.0
        self._wakeup_fd = notice_ends_of_children()
        self._poll = select.poll()
        self._poll.register(self._wakeup_fd, select.POLLIN)
        self._poll.register(sock, select.POLLIN)

    def serve(self) -> None:
        while self._is_connected or self._processes or has_children():
            for fd, events in self._poll.poll(self._timeout_ms()):
                if fd == self._wakeup_fd:
                    os.read(fd, 4096)
                else:
                    self._obey(is_alone=bool(events & select.POLLHUP))
            self._reap()
            for process in self._ended():
                self._clear_away(process)
            if time.monotonic() >= self._look_at:
                self._look()

    def _ended(self) -> list[Process]:
        return [p for p in self._processes.values() if p.exit_code is not None]

    def _timeout_ms(self) -> float | None:
        if any(not process.is_reported for process in self._ended()):
            return _CLEARING_LOOK_S * 1000
        is_idle = self._is_connected and not self._processes and not self._may_have_orphans
        return None if is_idle else _LOOK_S * 1000

    # --- what the orchestrator asks for ------------------------------------------------------

    def _obey(self, *, is_alone: bool) -> None:
        try:
            request, files = receive_message(self._sock)
        except OSError:
            self._poll.unregister(self._sock)
            self._is_connected = False
            self._may_have_orphans = True
            return
        if "signal" in request:
            self._signal(request["pid"], signal.Signals(request["signal"]))
        elif is_alone:
            _close(files)  # who asked is dead: nobody is to start runs any more
        else:
            answer = self._start(request, files)
            with contextlib.suppress(OSError):
                send_message(self._sock, answer)

    def _start(self, request: "Message", files: list[int]) -> "Message":
        if len(files) != N_FILES:  # some were dropped on the way: no room for more open files
            _close(files)
            return {"errno": errno.EMFILE, "message": os.strerror(errno.EMFILE), "path": None}
        try:
            process = Process(request, files)
        except OSError as error:
            _close(files)
            return {"errno": error.errno, "message": error.strerror, "path": error.filename}
        self._processes[process.pid] = process
        return {"pid": process.pid, "identity": process.identity}

    def _signal(self, pid: int, number: signal.Signals) -> None:
        process = self._processes.get(pid)
        if process is not None and process.exit_code is None:
            process.is_terminated |= number not in (SIGCONT, SIGKILL)
            signal_group(pid, number)
        elif process is not None and number == SIGKILL:
            process.ended_at = 0.0  # what it left behind has no grace any more

    # --- how processes end -------------------------------------------------------------------

    def _reap(self) -> None:
        while (exited := next_exited()) is not None:
            pid, exit_code = exited
            process = self._processes.get(pid)
            if process is not None and process.exit_code is None:
                if not process.is_terminated:  # whoever it left in its group; mostly nobody
                    signal_group(pid, *ASK_TO_END)
                process.end(exit_code)
            reap(pid)

    def _clear_away(self, process: Process) -> None:
        """End what a process has left in its group; report it once nothing is left."""
        waited_s = time.monotonic() - process.ended_at
        if not process.is_reported and is_group_alive(process.pid):
            if waited_s > _NAMED_AFTER_S:
                process.name_leftovers()
            if waited_s > process.grace_s:
                signal_group(process.pid, SIGKILL)
            return
        if not process.is_reported:
            process.report()
            self._grace_s = process.grace_s
            self._ended_markers.add(process.marker)
            self._may_have_orphans = True
        process.flush()
        if not process.unwritten or waited_s > _WRITE_FOR_S:
            process.close()
            del self._processes[process.pid]

    def _look(self) -> None:
        """What needs no haste: output without end, and daemons that left their group."""
        self._look_at = time.monotonic() + _LOOK_S
        for process in self._processes.values():
            process.limit_output()
        if self._may_have_orphans:
            self._clear_orphans()

    def _clear_orphans(self) -> None:
        """End the daemons of processes that are over: they became children of this one."""
        found = [pid for pid in living_children() if pid not in self._processes]
        hopeless = [pid for pid in found if self._is_over(environment_of(pid))]
        self._orphans = {pid: self._orphans.get(pid, time.monotonic()) for pid in hopeless}
        for pid, since in self._orphans.items():
            is_late = time.monotonic() > since + self._grace_s
            signal_processes([pid], *((SIGKILL,) if is_late else ASK_TO_END))
        self._may_have_orphans = bool(hopeless)

    def _is_over(self, environment: frozenset[bytes]) -> bool:
        """Whether an orphan with this environment belongs to no process that goes on."""
        going = {p.marker for p in self._processes.values() if p.exit_code is None}
        if environment & going:
            return False
        return bool(environment & self._ended_markers) or not going


def _close(files: list[int]) -> None:
    for fd in files:
        os.close(fd)


def main() -> None:
    for name in _IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    adopt_orphans()
    Supervisor(socket.socket(fileno=0)).serve()
