"""Sees what happens in a sweep's folder: what its runs log, and what users ask."""

import math
import time
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Protocol

import anyio
import anyio.lowlevel

from ml_tracking_ops.logger import paths

from ..executors.local.cpus import lack_of_room
from ..stopping import StopDecision
from ..store.watcher import PAUSE_TO_WORK, URGENT_PAUSE_TO_WORK, watch_files
from .attempts import ActiveRun
from .run_monitor import Silence

LOOK_ANYWAY_S = 1.0


class WatchedSweep(Protocol):
    """What is told to the sweep."""

    def stop_early(self, run: ActiveRun, decision: StopDecision) -> None:
        """A rule says that a run is to end."""

    def see_improvement(self, run: ActiveRun) -> None:
        """A run has logged a better value."""

    def take_in_requests(self) -> None:
        """Users may have asked for something."""

    def look_after_itself(self) -> None:
        """Time has gone by."""

    def warn_once(self, kind: str, message: str) -> None:
        """Tell the user, the first time."""

    def take_back(self, kind: str, message: str) -> None:
        """Tell the user that a warning of this kind is over, if there is one."""


class Lookout:
    """Reads the logs of the runs that go on whenever they grow, and now and then anyway.

    Args:
        active: the runs that go on, by their `.dat`.
        is_urgent: whether a value may be a reason to stop a run, which then wastes its worker.
    """

    def __init__(
        self,
        sweep: WatchedSweep,
        folder: Path,
        active: Mapping[Path, ActiveRun],
        *,
        is_urgent: bool,
    ) -> None:
        self._sweep = sweep
        self._pause_to_work = URGENT_PAUSE_TO_WORK if is_urgent else PAUSE_TO_WORK
        self._folder = folder
        self._active = active

    async def watch(self) -> None:
        watching = watch_files(self._folder, pause_to_work=self._pause_to_work)
        async with aclosing(watching) as changes:
            async for changed in changes:
                runs = (
                    [run for path in changed if (run := self._active.get(_dat_path(path)))]
                    if changed
                    else list(self._active.values())
                )
                if any(_is_request(path) for path in changed):
                    self._sweep.take_in_requests()
                for run in runs:
                    await self._read(run)

    async def look_anyway(self) -> None:
        """Read every run now and then: an event can be lost, and a silent run sends none."""
        while True:
            await anyio.sleep(LOOK_ANYWAY_S)
            self._sweep.look_after_itself()
            self._sweep.take_in_requests()
            for run in list(self._active.values()):
                await self._read(run)
                self.warn_if_silent(run)

    async def _read(self, run: ActiveRun) -> None:
        """Take in what a run has logged; stop the run where the rule says so."""
        has_more = True
        while has_more and run.monitor.dat_path in self._active:
            decision, improved, has_more = run.monitor.read()
            if decision is not None:
                self._sweep.stop_early(run, decision)
            if run.monitor.trouble is not None:
                trouble = f"cannot read the log of a run: {run.monitor.trouble}"
                self._sweep.warn_once(run.name, trouble)
            if improved:
                self._sweep.see_improvement(run)
            self.tell_notes(run)
            await anyio.lowlevel.checkpoint()

    def tell_notes(self, run: ActiveRun) -> None:
        """Say what of a run's output could not be read for metrics."""
        for kind, note in run.monitor.take_notes():
            self._sweep.warn_once(f"output: {kind}", f"run {run.name}: {note}")

    def warn_if_silent(self, run: ActiveRun) -> None:
        """Warn of a run that should have logged its metric by now, or never did."""
        for settled in run.monitor.settled:
            self._sweep.take_back(settled, _ARRIVED[settled].format(run.name))
        is_over = run.monitor.dat_path not in self._active
        running_s = math.inf if is_over else time.time() - run.process.started_at
        silence = run.monitor.silence(running_s)
        if silence is None:
            return
        trouble = None if run.monitor.has_logged else lack_of_room(self._folder)
        if trouble is None:
            self._sweep.warn_once(silence, run.monitor.explain_silence(run.name, silence))
        else:
            why = f"{trouble}: what it logs cannot be written"
            self._sweep.warn_once("disk", f"run {run.name} has logged nothing, and {why}")


_ARRIVED: dict[Silence, str] = {
    "misses": "run {} printed what the metrics_pattern finds",
    "nothing": "run {} logs metrics now",
    "metric": "run {} has logged the optimization_metric",
}


def _dat_path(path: Path) -> Path:
    """The log of the run that a changed file belongs to."""
    return path.with_suffix(paths.DAT_SUFFIX) if path.suffix == paths.LOG_SUFFIX else path


def _is_request(path: Path) -> bool:
    """Whether a change of this path is a reason to look for requests."""
    return paths.REQUESTS_NAME in (path.name, path.parent.name)
