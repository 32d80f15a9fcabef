"""Sample the system metrics of runs that are processes of this machine."""

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from ...store.files.run_refs import process_of
from .active import ActiveRun, ActiveRuns
from .open_files import import_in_thread

if TYPE_CHECKING:
    from ml_tracking_ops.logger.system_metrics.sampler import SystemSampler

_MODULES = (
    "ml_tracking_ops.logger.system_metrics.sampler",
    "ml_tracking_ops.logger.writing.experiment_logger",
)


class SystemMetrics:
    """Samples all active runs together, in a thread, every few seconds.

    Args:
        first_after_s: shorter sweeps are not sampled, and import nothing for it.
        every_s: None means the interval of a run started by hand.
    """

    def __init__(
        self, active: ActiveRuns, first_after_s: float = 5.0, every_s: float | None = None
    ) -> None:
        self._active = active
        self._first_after_s = first_after_s
        self._every_s = every_s

    async def watch(self) -> None:
        await anyio.sleep(self._first_after_s)
        await import_in_thread(*_MODULES)
        from ml_tracking_ops.logger.system_metrics.sampler import SAMPLE_EVERY_S, SystemSampler
        from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

        every_s = SAMPLE_EVERY_S if self._every_s is None else self._every_s
        sampler = SystemSampler(ExperimentLogger.at)
        try:
            while True:
                self._take_in(sampler)
                await anyio.to_thread.run_sync(sampler.sample)
                await anyio.sleep(every_s)
        finally:
            sampler.close()

    def _take_in(self, sampler: "SystemSampler") -> None:
        """Begin with runs that have started, and end with those that have ended."""
        active = {pid: run for run in self._active if (pid := _process_here(run)) is not None}
        for pid in sampler.pids:
            if pid not in active:
                sampler.remove(pid)
        for pid, run in active.items():
            if pid not in sampler and not run.is_leftover:
                dat_path, started_at = str(run.monitor.dat_path), run.started_at or 0.0
                sampler.add(pid, dat_path, started_at, run.gpus)


def _process_here(run: ActiveRun) -> int | None:
    """Return its process number, or None if it has not started, or runs elsewhere."""
    process = None if run.handle is None else process_of(run.handle.ref)
    return None if process is None else process[0]
