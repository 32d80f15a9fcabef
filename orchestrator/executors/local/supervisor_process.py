"""The supervisor as a process: started with a sweep's first run, or ahead of it.

A command that is going to run a sweep starts it ahead: it gets ready on one core while the command
imports what it needs on another. It ends by itself when nobody uses it.
"""

import contextlib
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = """\
import sys
sys.path.append(sys.argv[1])
from supervision.server import main
main()
"""


@dataclass(frozen=True)
class SupervisorProcess:
    """A running supervisor, and this end of its socket. It ends once that is closed.

    Attributes:
        environment: its own. The environments of runs are sent as differences from it.
    """

    socket: socket.socket
    program: "subprocess.Popen[bytes]"
    environment: dict[str, str]


_ahead: list[SupervisorProcess] = []


def start_supervisor_ahead() -> None:
    """Start a supervisor for `take_supervisor` to return later. If that fails, it is tried again
    then."""
    with contextlib.suppress(OSError):
        _ahead.append(_start())


def discard_supervisor() -> None:
    """Discard the supervisor that was started ahead, if there is one: it is not needed."""
    while _ahead:
        _ahead.pop().socket.close()


def take_supervisor() -> SupervisorProcess:
    """Return the supervisor that was started ahead, or a new one.

    Raises:
        OSError: the machine has no process or file left.
    """
    return _ahead.pop() if _ahead else _start()


def _start() -> SupervisorProcess:
    environment = dict(os.environ)
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            program = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, str(Path(__file__).parents[2])],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                env=environment,
            )
        except OSError:
            ours.close()
            raise
    return SupervisorProcess(ours, program, environment)
