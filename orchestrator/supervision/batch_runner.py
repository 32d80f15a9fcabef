"""One training process inside a job of a batch system: a program of its own.

`python -I -S runner.zip RUN.json` is all that a job does. It starts the process, waits for it, and
records what happened in the run's record. Its requests are signals to this process:

    USR2   the sweep stops the run: the process's group is asked to end, and has a grace period
    USR1   Slurm warns that the job ends soon: at its time limit, or because it is preempted
    TERM   Slurm ends the job: `scancel`, its time limit, preemption
    QUIT   the process's group is ended at once

The record is a file of JSON lines with this one writer. Each has `event`, `time` (seconds since the
epoch), the `tag` of the request, job, node, restart and gpus, and:

    process_started   pid, process_identity
    not_started       message
    stopping          why (stop, time_limit, preempted, warned, terminated)
    process_ended     pid, exit_code, why, n_memory_kills
    run_over          left_running: no process of the run remains
"""

import contextlib
import json
import os
import select
import signal
import sys
import time

from .batch_facts import (
    is_preempted,
    is_signalled_alone,
    job_facts,
    job_seconds_left,
    n_cpus,
    n_memory_kills,
)
from .caretaker import Caretaker
from .child import Process
from .late_sampling import LateSampling
from .os_processes import (
    SIGCONT,
    SIGKILL,
    SIGQUIT,
    SIGUSR1,
    SIGUSR2,
    adopt_orphans,
    has_children,
    notice_ends_of_children,
    read_at,
    sync_file,
)

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .late_sampling import Sampling
    from .messages import Message

BEAT_S = 10.0
_SYNC_S = 1.0
_IGNORED = ("SIGINT", "SIGHUP", "SIGPIPE", "SIGXFSZ")
_ASKED = (SIGUSR1, SIGUSR2, signal.SIGTERM, SIGQUIT)
_BEFORE_KILL_S = 2.0
_LEAST_GRACE_S = 0.5
_LATE_S = 60.0
_NOT_STARTED = 127
_RECORD_BYTES = 1 << 20


class JobProcess(Process):
    """The training process. Its end is recorded with the reason.

    Attributes:
        why: why it is being ended, if it is.
    """

    def __init__(self, request: "Message", files: list[int]) -> None:
        self.why: str | None = None
        self._n_kills_before = n_memory_kills()
        super().__init__({**request, "is_durable": True}, files)

    def end(self, exit_code: int, **facts: object) -> None:
        before, now = self._n_kills_before, n_memory_kills()
        n_kills = 0 if before is None or now is None else now - before
        super().end(exit_code, why=self.why, n_memory_kills=n_kills, **facts)

    def report(self) -> None:
        super().report()
        self.record("run_over", left_running=self.left_running or [])

    def beat(self) -> None:
        """Show that this runner is alive, by the time of change of its record."""
        with contextlib.suppress(OSError):
            os.utime(self._record_fd)


class JobRunner:
    """Follows one process to its end.

    Args:
        spec: what `Process` needs. `stop_signal` (a name), `stop_grace_s` after it, `kill_wait_s`
            between Slurm's TERM and its KILL, `time_s` of the job, `margin_s` with which Slurm
            warns, `synced`: files that other machines follow.
        wakeup_fd: becomes readable on signals.
    """

    def __init__(self, spec: "Message", process: JobProcess, wakeup_fd: int) -> None:
        self._spec = spec
        self._process = process
        self._began_at = time.time()
        self._caretaker = Caretaker()
        self._caretaker.add(process)
        self._poll = select.poll()
        self._poll.register(wakeup_fd, select.POLLIN)
        self._kill_at: float | None = None
        self._beat_at = self._sync_at = 0.0
        self._synced = dict.fromkeys(spec.get("synced", ()), 0)

    def see_through(self) -> int:
        """Wait until no process of the run remains, and return its exit code."""
        caretaker = self._caretaker
        while caretaker.processes or (caretaker.may_have_orphans and has_children()):
            for fd, _ in self._poll.poll(caretaker.timeout_ms(may_sleep=False)):
                self._hear(fd)
            caretaker.tend()
            self._do_due_work()
        self._sync()
        return self._process.exit_code or 0

    # --- requests -----------------------------------------------------------------------------

    def _hear(self, fd: int) -> None:
        for number in os.read(fd, 4096):
            self._obey(number)

    def _obey(self, number: int) -> None:
        if number == SIGUSR2:
            self._stop("stop")
        elif number == SIGUSR1:
            self._stop("warned")
        elif number == signal.SIGTERM:
            self._end_with_job()
        elif number == SIGQUIT:
            self._note("stop")
            self._send(SIGKILL)

    def _stop(self, why: str) -> None:
        """Ask the group to end, once. SIGKILL after its grace period."""
        if self._process.why is not None or self._process.exit_code is not None:
            return
        self._process.why = why
        self._ask_to_end()
        self._kill_within(self._spec["stop_grace_s"])
        if why == "warned":
            self._process.why = self._why_warned()
        self._process.record("stopping", why=self._process.why)

    def _why_warned(self) -> str:
        """Find out why Slurm warned: it sends the same signal before the time limit and
        preemption."""
        preempted = is_preempted()
        if preempted is not None:
            return "preempted" if preempted else "time_limit"
        time_s = self._spec.get("time_s")
        left_s = job_seconds_left(None if time_s is None else self._began_at + time_s)
        if left_s is None:
            return "warned"
        return "time_limit" if left_s <= self._spec["margin_s"] + _LATE_S else "preempted"

    def _end_with_job(self) -> None:
        """End with the job: Slurm soon kills all of it. Perhaps only this process got the
        signal."""
        is_first = self._process.why is None
        self._note("terminated")
        if is_first and is_signalled_alone():
            self._ask_to_end()
        most_s = max(self._spec["kill_wait_s"] - _BEFORE_KILL_S, _LEAST_GRACE_S)
        self._kill_within(min(self._spec["stop_grace_s"], most_s))

    def _note(self, why: str) -> None:
        if self._process.why is None and self._process.exit_code is None:
            self._process.why = why
            self._process.is_terminated = True
            self._process.record("stopping", why=why)

    def _ask_to_end(self) -> None:
        self._send(signal.Signals[self._spec["stop_signal"]])
        self._send(SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        self._caretaker.send(self._process.pid, number)

    # --- what is due --------------------------------------------------------------------------

    def _kill_within(self, grace_s: float) -> None:
        at = time.monotonic() + grace_s
        self._kill_at = at if self._kill_at is None else min(at, self._kill_at)

    def _do_due_work(self) -> None:
        now = time.monotonic()
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._send(SIGKILL)
        if now >= self._beat_at and self._caretaker.processes:
            self._beat_at = now + BEAT_S
            self._process.beat()
        if now >= self._sync_at:
            self._sync_at = now + _SYNC_S
            self._sync()

    def _sync(self) -> None:
        """Sync files so that other machines see what the process has written: nothing else does."""
        for path, n_bytes in self._synced.items():
            with contextlib.suppress(OSError):
                size = os.stat(path).st_size  # noqa: PTH116
                if size != n_bytes:
                    self._synced[path] = size
                    sync_file(path)


def main(
    spec_path: str,
    make_runner: "Callable[[Message, JobProcess, int], JobRunner]" = JobRunner,
    sample: "Callable[..., Sampling] | None" = None,
) -> int:
    """Run what a specification describes, and return the exit code of the job.

    Args:
        sample: begins to sample the process if the specification requires it: its number, and the
            keywords of `sampling` in there.
    """
    wakeup_fd = notice_ends_of_children()
    for name in _IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    for number in _ASKED:
        signal.signal(number, lambda number, frame: None)
    adopt_orphans()
    try:
        with open(spec_path, encoding="utf-8") as file:  # noqa: PTH123
            spec = json.load(file)
    except FileNotFoundError:
        print("the sweep has given this attempt up: nothing is started")
        return 0
    append = os.O_RDWR | os.O_CREAT | os.O_APPEND
    record_fd = os.open(spec["record"], append, 0o644)
    if b'"process_started"' in read_at(record_fd, _RECORD_BYTES, 0):
        print("this attempt has run before: nothing is started a second time")
        return 0
    if _is_asked_to_end(wakeup_fd):
        return 128 + signal.SIGTERM
    output_fd = os.open(spec["output"], append, 0o644)
    null_fd = os.open(os.devnull, os.O_WRONLY)
    spec["tag"] = {**spec["tag"], **job_facts(), **spec.get("facts", {})}
    try:
        process = JobProcess(_request(spec), [null_fd, output_fd, record_fd])
    except OSError as error:
        _record_failure(spec, record_fd, error)
        return _NOT_STARTED
    runner = make_runner(spec, process, wakeup_fd)
    sampling = _sample_later(spec.get("sampling"), process.pid, sample)
    exit_code = runner.see_through()
    if sampling is not None:
        sampling.close()
    return exit_code if exit_code >= 0 else 128 - exit_code


def _sample_later(
    asked: "Message | None", pid: int, sample: "Callable[..., Sampling] | None"
) -> LateSampling | None:
    if not asked or sample is None:
        return None
    started_at = time.time()
    return LateSampling(lambda: sample(pid, **asked, started_at=started_at), asked["every_s"])


def _is_asked_to_end(wakeup_fd: int) -> bool:
    os.set_blocking(wakeup_fd, False)
    try:
        return any(number in _ASKED for number in os.read(wakeup_fd, 4096))
    except BlockingIOError:
        return False
    finally:
        os.set_blocking(wakeup_fd, True)


def _request(spec: "Message") -> "Message":
    """Return the request for the process: its program found with the node's PATH, its share of the
    CPUs."""
    environment = dict(spec["environment"])
    threads = n_cpus()
    for name in spec.get("thread_variables", ()):
        if threads is not None and name not in environment and name not in os.environ:
            environment[name] = threads
    program = _found(spec["arguments"][0], environment.get("PATH") or os.environ.get("PATH", ""))
    return {**spec, "arguments": [program, *spec["arguments"][1:]], "environment": environment}


def _found(program: str, search_path: str) -> str:
    if os.sep in program:
        return program
    for folder in search_path.split(os.pathsep):
        path = os.path.join(folder, program)  # noqa: PTH118
        if os.access(path, os.X_OK):
            return path
    return program


def _record_failure(spec: "Message", record_fd: int, error: OSError) -> None:
    message = f"{error.strerror}: {error.filename or spec['arguments'][0]}"
    line = {"event": "not_started", "time": round(time.time(), 6), **spec["tag"]}
    os.write(record_fd, json.dumps({**line, "message": message}).encode() + b"\n")
    os.fsync(record_fd)
    print(f"cannot be started: {message}")
