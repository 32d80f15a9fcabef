"""What a scheduler asks of whatever starts and stops its runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Slot:
    """A place in the worker pool, with the environment that its runs get (GPUs, threads)."""

    index: int
    environment: Mapping[str, str] = field(default_factory=dict)
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunCommand:
    """How to start one run: an argument list (never a shell's text), where, and with what."""

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    output_path: Path


class RunningRun(Protocol):
    """A run that an executor has started."""

    pid: int
    identity: str | None
    started_at: float

    async def wait(self) -> int:
        """Wait until it has ended and nothing of it is left; return its exit code."""

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

    def start(self, command: RunCommand, slot: Slot) -> RunningRun:
        """Start a run.

        Raises:
            OSError: it cannot be started; the message says why.
        """
