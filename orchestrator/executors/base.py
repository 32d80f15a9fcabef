"""The interface between the scheduler and an engine, which starts and stops runs.

The scheduler knows runs by their names and handles. The engine's own ids (process numbers, job
numbers) are in a `RunRef`, which only the engine reads. Nothing here blocks the event loop: slow
work is done in threads or in processes of the engine's own.
"""

import errno
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any, Literal, Protocol

from ..store.files.run_refs import RunRef
from ..supervision.os_processes import SIGKILL

GRACE_S = 10.0
"""Seconds that a run has to end when asked to, unless the configuration sets another value."""

_SHELL_OFFSET = 128
"""A shell ends with this plus the signal that ended its command."""

Cause = Literal[
    "exited",
    "signalled",
    "cancelled",
    "preempted",
    "time_limit",
    "out_of_memory",
    "node_failed",
    "never_started",
    "unknown",
]
"""What ended a run: the first two by its exit code, the others as the engine reports.

`cancelled`: by somebody else. `unknown`: the end was not observed.
"""

TRY_ELSEWHERE = frozenset[Cause](("preempted", "node_failed"))
"""The run is not to blame: it is tried again without using up a retry."""

Standing = Literal["waiting", "started", "ended", "unknown"]
"""The state of a run in its engine. `unknown`: the engine cannot find out now."""


@dataclass(frozen=True)
class Slot:
    """A place in the worker pool, with the environment of its runs (GPUs, threads)."""

    index: int
    environment: Mapping[str, str] = field(default_factory=dict)
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunCommand:
    """How to start one run: an argument list (never a shell's text), its folder and environment.

    Attributes:
        name: of the attempt, unique in the sweep's folder.
        record_path: where its start and its exit code are recorded, even if the orchestrator dies.
        marker: the variable in `environment` by which the run's processes are known.
        tag: added to the record: which run this is.
    """

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    output_path: Path
    record_path: Path = Path(os.devnull)
    marker: str = ""
    tag: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.output_path.stem


@dataclass(frozen=True)
class RunStart:
    """The start of a run's process: when (seconds since the epoch), and where."""

    at: float
    node: str | None = None
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunEnd:
    """How a run ended.

    Attributes:
        exit_code: negative if a signal ended the process, or None if not known.
        at: seconds since the epoch. None means that it has just ended.
        detail: the engine's explanation, for people.
        left_running: the commands of processes that the run left running when it exited.
    """

    exit_code: int | None
    cause: Cause
    at: float | None = None
    detail: str | None = None
    left_running: tuple[str, ...] = ()


class NotYet(BlockingIOError):
    """A run has to wait for what other sweeps hold. It is tried again later.

    Attributes:
        reason: what it waits for.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EAGAIN, reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


def was_killed(exit_code: int | None) -> bool:
    """Return whether SIGKILL ended a script, or a process that a shell script had started."""
    return exit_code in (-SIGKILL, _SHELL_OFFSET + SIGKILL)


def was_terminated(exit_code: int | None) -> bool:
    """Return whether a signal with which systems end jobs (SIGTERM, SIGKILL) ended a script.

    As in `was_killed`, it may have ended a process that a shell script had started.
    """
    return was_killed(exit_code) or exit_code in (-SIGTERM, _SHELL_OFFSET + SIGTERM)


def end_by_exit_code(exit_code: int | None, left_running: tuple[str, ...] = ()) -> RunEnd:
    """Return the end of a process for which only the exit code is known."""
    if exit_code is None:
        return RunEnd(None, "unknown")
    return RunEnd(exit_code, "signalled" if exit_code < 0 else "exited", None, None, left_running)


class RunHandle(Protocol):
    """A run that an engine has accepted."""

    @property
    def ref(self) -> RunRef:
        """The reference with which the engine finds it again."""

    @property
    def start(self) -> RunStart | None:
        """When and where it started, or None while it is queued, or if it never starts."""

    async def wait_started(self, report: Callable[[str], None]) -> RunStart | None:
        """Wait until its process has started. Returns None if it ended before.

        Args:
            report: called with the engine's reason while the run is queued, whenever that changes.
        """

    async def wait(self) -> RunEnd:
        """Wait until it has ended and no process of it remains. May be called again."""

    async def stop(self, grace_s: float) -> None:
        """Ask it to end, and end it after `grace_s` seconds. Asks once, even if called
        repeatedly."""

    def kill(self) -> None:
        """Begin to end it at once."""


@dataclass(frozen=True)
class RecordedRun:
    """A run that the journal records as queued or running, to be found again by its engine.

    Attributes:
        ref: None if the journal broke off between `submitting` and `submitted`. The engine then
            looks for the name.
    """

    name: str
    ref: RunRef | None
    started_at: float | None
    slot: int | None


@dataclass(frozen=True)
class ReattachedRun:
    """A run that was found again. `handle.wait` returns its end even if it has ended before."""

    handle: RunHandle
    standing: Standing
    slot: int | None = None
    ended_at: float | None = None


class EngineNotices(Protocol):
    """Receives an engine's messages to users."""

    def warn_once(self, kind: str, message: str) -> None:
        """Warn of a problem. A kind that was reported before is not reported again."""

    def take_back(self, kind: str, message: str) -> None:
        """Report that the warning of a kind is over."""

    def note_suspended(self, names: Collection[str]) -> None:
        """Report which runs are suspended now, by name. Their clocks are stopped too."""


class Executor(AbstractAsyncContextManager["Executor"], Protocol):
    """Starts runs in slots. Entered before the first submission, left after the last end.

    Attributes:
        slots: their number is how many runs may be submitted and not ended at once.
        queues: whether runs may wait in a queue of the engine's. The journal then records one by
            one that a run is about to be submitted, that it was, and that it started.
        may_lack: whether `shortage` is called before each start.
    """

    name: str
    slots: tuple[Slot, ...]
    queues: bool
    may_lack: bool

    def report_to(self, notices: EngineNotices) -> None:
        """Send warnings there from now on."""

    async def shortage(self, slot: Slot) -> str | None:
        """Return what a run in this slot would lack if it were started now, or None."""

    def resize(self, n_slots: int) -> None:
        """Change the number of slots. Those that remain keep their index."""

    async def submit(self, command: RunCommand, slot: Slot) -> RunHandle:
        """Start a run, or submit it to the queue. Idempotent by `command.name`.

        Once it returns a handle, it was not cancelled in between: what was started is never lost.

        Raises:
            NotYet: others hold what it needs. It is tried again soon, before any other run.
            OSError: it cannot be started. The message explains why. With the number `EAGAIN` it is
                tried again later.
        """

    async def find(self, folder: Path, known: Iterable[RecordedRun]) -> dict[str, ReattachedRun]:
        """Find all these runs of the sweep in `folder` again, by name, in one query.

        A run that the engine cannot find out about now has the standing `unknown`. A run that the
        engine does not know has `ended`, with the cause `unknown`. Waits while the engine does not
        answer.
        """

    async def end_strays(self, folder: Path, is_known: Callable[[int], bool]) -> None:
        """End runs of this sweep whose index the journal does not have. They are run again."""
