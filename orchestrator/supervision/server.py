"""The parent of a sweep's training processes: starts them, and records how they ended.

A program of its own, since only the parent of a process learns its exit code, and an orchestrator
may die before its runs do. Each orchestrator has one. It outlives the orchestrator until the last
run is over and no process of any run remains.

stdin is a socket to the orchestrator. A request to start a process comes with three open files:
where to report its exit code, its output, and the sweep's `processes.jsonl`, from which a later
orchestrator learns what happened to the runs of an earlier one. Each line of it has `event`, `time`
(seconds since the epoch), the request's `tag`, and:

    process_started   pid, process_identity
    process_ended     pid, exit_code (negative if a signal ended the process)
"""

import contextlib
import errno
import os
import select
import signal
import socket
import sys

from .caretaker import Caretaker
from .child import Process
from .messages import N_FILES, receive_message, send_message
from .os_processes import adopt_orphans, has_children, notice_ends_of_children

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .messages import Message

_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE", "SIGXFSZ")


class Supervisor:
    """Starts processes until the other end of `sock` is closed. Stays until all are gone."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._is_connected = True
        self._caretaker = Caretaker()
        self._wakeup_fd = notice_ends_of_children()
        self._poll = select.poll()
        self._poll.register(self._wakeup_fd, select.POLLIN)
        self._poll.register(sock, select.POLLIN)

    def serve(self) -> None:
        caretaker = self._caretaker
        while self._is_connected or caretaker.processes or has_children():
            for fd, events in self._poll.poll(caretaker.timeout_ms(may_sleep=self._is_connected)):
                if fd == self._wakeup_fd:
                    os.read(fd, 4096)
                else:
                    self._obey(is_alone=bool(events & select.POLLHUP))
            caretaker.tend()

    def _obey(self, *, is_alone: bool) -> None:
        try:
            request, files = receive_message(self._sock)
        except OSError:
            self._poll.unregister(self._sock)
            self._is_connected = False
            self._caretaker.may_have_orphans = True
            return
        if "signal" in request:
            self._caretaker.send(request["pid"], signal.Signals(request["signal"]))
        elif is_alone:
            _close(files)  # the requester is dead: no more runs must start
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
        self._caretaker.add(process)
        return {"pid": process.pid, "identity": process.identity}


def _close(files: list[int]) -> None:
    for fd in files:
        os.close(fd)


def main() -> None:
    for name in _IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    adopt_orphans()
    Supervisor(socket.socket(fileno=0)).serve()
    os._exit(0)  # its orchestrator waits for it: nothing is left that needs a record
