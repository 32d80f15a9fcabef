"""Every executor by its name.

A new executor is a folder beside this module, and an entry in `EXECUTORS`.
"""

from collections.abc import Callable
from typing import Literal, Protocol

from .base import GRACE_S, Executor
from .local.executor import LocalExecutor

ExecutorName = Literal["local"]


class Needs(Protocol):
    """What a configuration says that runs need."""

    @property
    def gpus_per_run(self) -> int:
        """How many GPUs a run gets."""

    @property
    def runs_per_gpu(self) -> int:
        """How many runs share a GPU."""

    @property
    def min_free_gpu_memory_gb(self) -> float | None:
        """What each GPU of a run must have free before it starts."""

    @property
    def stop_signal(self) -> str:
        """The name of the signal that asks a run to end."""

    @property
    def grace_s(self) -> float | None:
        """How long a run, and what it left running, may take to end."""


def _local(n_workers: int | None, needs: Needs) -> Executor:
    return LocalExecutor(
        n_workers,
        gpus_per_run=needs.gpus_per_run,
        runs_per_gpu=needs.runs_per_gpu,
        min_free_gpu_memory_gb=needs.min_free_gpu_memory_gb,
        stop_signal=needs.stop_signal,
        leftover_grace_s=GRACE_S if needs.grace_s is None else needs.grace_s,
    )


EXECUTORS: dict[ExecutorName, Callable[[int | None, Needs], Executor]] = {"local": _local}


def make_executor(name: ExecutorName, n_workers: int | None, needs: Needs) -> Executor:
    """The executor with this name, not open yet.

    Args:
        n_workers: how many runs at once; None leaves it to the executor.

    Raises:
        UsageError: what the runs need is not there.
    """
    return EXECUTORS[name](n_workers, needs)
