"""What the scheduler expects of an engine, which starts and stops runs.

The scheduler knows runs by their names and handles. What an engine calls them (process numbers,
job numbers) is in a `RunRef`, which only the engine reads. Nothing here blocks the event loop:
what takes time is done in threads or in processes of the engine's own.
"""

import errno
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ..store.files.run_refs import RunRef

GRACE_S = 10.0
"""Seconds that a run has to end when it is asked to, unless the configuration says otherwise."""

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
"""What ended a run: the first two by its exit code, the others as the engine says.

`cancelled` means by somebody else. `unknown` that nobody saw the end.
"""

TRY_ELSEWHERE = frozenset[Cause](("preempted", "node_failed"))
"""The run is not to blame: it is tried again, and that uses up none of its retries."""

Standing = Literal["waiting", "started", "ended", "unknown"]
"""What an engine knows of a run that it is asked for. `unknown` means that it cannot tell now."""


@dataclass(frozen=True)
class Slot:
    """A place in the worker pool, with the environment that its runs get (GPUs, threads)."""

    index: int
    environment: Mapping[str, str] = field(default_factory=dict)
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunCommand:
    """How to start one run: an argument list (never a shell's text), where, and with what.

    Attributes:
        name: of the attempt, unique in the sweep's folder.
        record_path: where its start and its exit code are recorded, even if the orchestrator dies.
        marker: the variable in `environment` by which the run's processes are known.
        tag: what the record says besides: which run this is.
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
    """That a run's process has started: when (seconds since the epoch), and where."""

    at: float
    node: str | None = None
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunEnd:
    """How a run ended.

    Attributes:
        exit_code: negative where a signal ended the process, or None if it is not known.
        at: seconds since the epoch. None means that it has just ended.
        detail: what the engine says of it, for people.
        left_running: the commands of processes that the run had not ended when it exited.
    """

    exit_code: int | None
    cause: Cause
    at: float | None = None
    detail: str | None = None
    left_running: tuple[str, ...] = ()


class NotYet(BlockingIOError):
    """A run has to wait for what other sweeps have. It is tried again later.

    Attributes:
        reason: for what it waits.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EAGAIN, reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


def end_by_exit_code(exit_code: int | None, left_running: tuple[str, ...] = ()) -> RunEnd:
    """The end of a process of which only the exit code is known."""
    if exit_code is None:
        return RunEnd(None, "unknown")
    return RunEnd(exit_code, "signalled" if exit_code < 0 else "exited", None, None, left_running)


class RunHandle(Protocol):
    """A run that an engine has taken."""

    @property
    def ref(self) -> RunRef:
        """How the engine finds it again."""

    @property
    def start(self) -> RunStart | None:
        """When and where it started, or None while it is queued, or if it never starts."""

    async def wait_started(self, tell: Callable[[str], None]) -> RunStart | None:
        """Wait until its process has started, or None if it ended before.

        Args:
            tell: called with the engine's reason while the run is queued, whenever that changes.
        """

    async def wait(self) -> RunEnd:
        """Wait until it has ended and nothing of it is left. May be called again."""

    async def stop(self, grace_s: float) -> None:
        """Ask it to end, and end it after `grace_s` seconds. Asks once, however often called."""

    def kill(self) -> None:
        """Begin to end it at once."""


@dataclass(frozen=True)
class RecordedRun:
    """A run that the journal holds as queued or running, to be found again by its engine.

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
    """A run that was found again. `handle.wait` gives its end also where it has ended before."""

    handle: RunHandle
    standing: Standing
    slot: int | None = None
    ended_at: float | None = None


class EngineNotices(Protocol):
    """Where an engine tells what users should know of it."""

    def warn_once(self, kind: str, message: str) -> None:
        """Warn of something. A kind that was reported before is not reported again."""

    def take_back(self, kind: str, message: str) -> None:
        """Tell that the warning of a kind is over."""

    def note_suspended(self, names: Collection[str]) -> None:
        """Report which runs are suspended now, by name. Their clocks are stopped too."""


class Executor(AbstractAsyncContextManager["Executor"], Protocol):
    """Starts runs in slots, entered before the first submission, and left after the last end.

    Attributes:
        slots: their number is how many runs are submitted and not ended at once.
        queues: whether runs may wait in a queue of the engine's. The journal then records that a
            run is about to be submitted, that it was, and that it started, one by one.
        may_lack: whether `shortage` is to be asked before each start.
    """

    name: str
    slots: tuple[Slot, ...]
    queues: bool
    may_lack: bool

    def report_to(self, notices: EngineNotices) -> None:
        """Tell warnings there from now on."""

    async def shortage(self, slot: Slot) -> str | None:
        """What a run in this slot would lack if it were started now, or None if nothing."""

    def resize(self, n_slots: int) -> None:
        """Have so many slots from now on. Those that stay keep their index."""

    async def submit(self, command: RunCommand, slot: Slot) -> RunHandle:
        """Start a run, or hand it to the queue. Idempotent by `command.name`.

        Once it returns a handle it has not been cancelled since: what was started is never lost.

        Raises:
            NotYet: others have what it needs. It is tried again soon, before any other run.
            OSError: it cannot be started. The message says why. With the number `EAGAIN` it is
                tried again later.
        """

    async def find(self, folder: Path, known: Iterable[RecordedRun]) -> dict[str, ReattachedRun]:
        """Find all these runs of the sweep in `folder` again, by name, in one query.

        A run that the engine cannot tell of now has the standing `unknown`. A run that it knows
        nothing of has `ended`, with the cause `unknown`. It waits where the engine is silent.
        """

    async def end_strays(self, folder: Path, is_known: Callable[[int], bool]) -> None:
        """End runs of this sweep whose index the journal does not know: they are run again."""
