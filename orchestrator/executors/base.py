"""What a scheduler asks of whatever starts and stops its runs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..store.process_records import ProcessRecord

GRACE_S = 10.0
"""Seconds that a run has to end when it is asked to, unless the configuration says otherwise."""


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
        record_path: where its start and its exit code are taken down, whoever lives to see it.
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


class RunningRun(Protocol):
    """A run that an executor has started."""

    pid: int
    identity: str | None
    started_at: float
    left_running: tuple[str, ...]
    """The commands of processes that it had not ended when it exited; known once it has ended."""

    async def wait(self) -> int | None:
        """Wait until it has ended and nothing of it is left; its exit code, None if unknown."""

    def terminate(self) -> None:
        """Ask it to end."""

    async def stop(self, grace_s: float) -> None:
        """Ask it to end, and end it after `grace_s` seconds."""

    def kill(self) -> None:
        """End it at once."""


class Executor(Protocol):
    """Starts runs in slots."""

    slots: tuple[Slot, ...]

    def shortage(self, slot: Slot) -> str | None:
        """What a run in this slot would lack if it were started now; None where nothing."""

    def resize(self, n_slots: int) -> None:
        """Have so many slots from now on; those that stay keep their index."""

    def start(self, command: RunCommand, slot: Slot) -> RunningRun:
        """Start a run.

        Raises:
            OSError: it cannot be started; the message says why.
        """

    def is_out_of_memory(self) -> bool:
        """Whether the machine says of a run that SIGKILL ended that it had run out of memory."""

    def open(self) -> None:
        """Make ready to start runs."""

    def adopt(self, record: ProcessRecord, marker: str, record_path: Path) -> RunningRun:
        """Take over a run that an earlier executor started, whether it still goes on or not.

        Args:
            marker: the variable (`NAME=value`) by which the run's processes are known.
        """

    def close(self) -> None:
        """Let go of what it needed to start runs."""
