"""One training process: its start, its record, and the limit of its output."""

import contextlib
import json
import os
import signal
import sys
import time

from .output_limit import cut_middle
from .process_table import group_commands, process_identity

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .messages import Message

LEFTOVER_GRACE_S = 1.0
_MOST_NAMED = 5
_RESET_SIGNALS = [
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGCHLD,
]


class Process:
    """A process that runs, or that has ended and is being cleared away.

    Args:
        request: `arguments`, `folder`, `environment`, as far as it differs from this process's own
            (null: left out). `tag`, which is in every line of the record, `marker`, the variable
            that all its descendants inherit. `is_durable`, if the record is read on other machines,
            which see only what is synced.
        files: where to report the exit code, its output, the record of processes.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, request: "Message", files: list[int]) -> None:
        self._result_fd, self._output_fd, self._record_fd = files
        self._tag = request["tag"]
        self._is_durable = bool(request.get("is_durable"))
        self._n_cut_bytes = 0
        self.unwritten = b""
        self.marker = os.fsencode(request["marker"])
        self.exit_code: int | None = None
        self.ended_at = 0.0
        self.is_terminated = False
        self.is_reported = False
        self.grace_s = float(request.get("grace_s", LEFTOVER_GRACE_S))
        self.left_running: list[str] | None = None
        self.pid = _spawn(request, self._output_fd)
        self.identity = process_identity(self.pid, is_zombie_too=True)
        self.record("process_started", process_identity=self.identity)

    def end(self, exit_code: int, **facts: object) -> None:
        """Record that it has ended, and what else is known of that."""
        self.exit_code, self.ended_at = exit_code, time.monotonic()
        self.record("process_ended", exit_code=exit_code, **facts)

    def report(self) -> None:
        """Report how it ended to the orchestrator, if that is still there."""
        self.is_reported = True
        self.limit_output()
        with contextlib.suppress(OSError):
            os.write(self._result_fd, self._result())
        os.close(self._result_fd)

    def _result(self) -> bytes:
        result = {"exit_code": self.exit_code, "left_running": self.left_running or []}
        return json.dumps(result).encode()

    def name_leftovers(self) -> None:
        """Record, once, which processes it left running, and note them in its output."""
        if self.left_running is not None or self.is_terminated:
            return
        self.left_running = group_commands(self.pid)[:_MOST_NAMED]
        for command in self.left_running:
            line = f"\n[ml-tracking-ops: the script left this running: {command}]\n"
            with contextlib.suppress(OSError):
                os.write(self._output_fd, line.encode("utf-8", "replace"))

    def close(self) -> None:
        os.close(self._output_fd)
        os.close(self._record_fd)

    def flush(self) -> None:
        """Write what is not written yet. On a full disk it is tried again later."""
        with contextlib.suppress(OSError):
            while self.unwritten:
                self.unwritten = self.unwritten[os.write(self._record_fd, self.unwritten) :]
            if self._is_durable:
                os.fsync(self._record_fd)

    def limit_output(self) -> None:
        """Cut the middle out of its output if that has grown too long. The ends stay."""
        with contextlib.suppress(OSError):
            self._n_cut_bytes += cut_middle(self._output_fd, self._n_cut_bytes)

    def record(self, event: str, **fields: object) -> None:
        """Append a line to the record."""
        line = {"event": event, "time": round(time.time(), 6), **self._tag, "pid": self.pid}
        self.unwritten += json.dumps({**line, **fields}).encode() + b"\n"
        self.flush()


def _environment(changes: "dict[str, str | None]") -> dict[str, str]:
    environment: dict[str, str | None] = {**os.environ, **changes}
    return {name: value for name, value in environment.items() if value is not None}


def _spawn(request: "Message", output_fd: int) -> int:
    arguments = request["arguments"]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, output_fd, 1),
        (os.POSIX_SPAWN_DUP2, output_fd, 2),
    ]
    os.chdir(request["folder"])
    try:
        return os.posix_spawn(
            arguments[0],
            arguments,
            _environment(request["environment"]),
            file_actions=actions,
            setsid=True,
            setsigmask=[],
            setsigdef=_RESET_SIGNALS,
        )
    finally:
        os.chdir("/")
