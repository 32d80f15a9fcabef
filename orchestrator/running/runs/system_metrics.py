"""Samples what runs that are processes of this machine use of it."""

import anyio
import anyio.to_thread

from ml_tracking_ops.logger.system_metrics.sampler import SAMPLE_EVERY_S, SystemSampler
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ...store.files.run_refs import process_of
from .active import ActiveRun, ActiveRuns


class SystemMetrics:
    """Samples all active runs together, in a thread, every few seconds."""

    def __init__(self, active: ActiveRuns, every_s: float = SAMPLE_EVERY_S) -> None:
        self._active = active
        self._every_s = every_s
        self._sampler = SystemSampler(ExperimentLogger.at)

    async def watch(self) -> None:
        try:
            while True:
                await anyio.sleep(self._every_s)
                self._take_in()
                await anyio.to_thread.run_sync(self._sampler.sample)
        finally:
            self._sampler.close()

    def _take_in(self) -> None:
        """Begin with runs that have started, end with those that have ended."""
        active = {pid: run for run in self._active if (pid := _process_here(run)) is not None}
        for pid in self._sampler.pids:
            if pid not in active:
                self._sampler.remove(pid)
        for pid, run in active.items():
            if pid not in self._sampler and not run.is_leftover:
                dat_path, started_at = str(run.monitor.dat_path), run.started_at or 0.0
                self._sampler.add(pid, dat_path, started_at, run.gpus)


def _process_here(run: ActiveRun) -> int | None:
    """Its process number; None if it has not started, or runs elsewhere."""
    process = None if run.handle is None else process_of(run.handle.ref)
    return None if process is None else process[0]
