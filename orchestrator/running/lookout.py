"""Sees what happens in a sweep's folder: what its runs log, and what users ask."""

from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path

import anyio
import anyio.lowlevel

from ml_tracking_ops.logger import paths

from ..store.files.disk import trouble_with
from ..store.watching.watcher import PAUSE_TO_WORK, URGENT_PAUSE_TO_WORK, watch_files
from .control import SweepControl
from .runs.active import ActiveRun, ActiveRuns
from .runs.recorder import Recorder
from .runs.silence import SilenceWarnings
from .runs.sweep_ending import SweepEnding

LOOK_ANYWAY_S = 1.0
_RUNS_A_TURN = 8


class Lookout:
    """Reads the logs of the runs that are running whenever they grow, and once a second anyway.

    Args:
        is_urgent: whether a value may be a reason to stop a run, which then wastes its worker.
    """

    def __init__(
        self,
        folder: Path,
        recorder: Recorder,
        active: ActiveRuns,
        ending: SweepEnding,
        control: SweepControl,
        silence: SilenceWarnings,
        *,
        is_urgent: bool,
    ) -> None:
        self._folder = folder
        self._recorder = recorder
        self._active = active
        self._ending = ending
        self._control = control
        self._silence = silence
        self._is_urgent = is_urgent
        self._pause_to_work = URGENT_PAUSE_TO_WORK if is_urgent else PAUSE_TO_WORK

    async def watch(self) -> None:
        watching = watch_files(
            self._folder, pause_to_work=self._pause_to_work, awaited=self._awaited
        )
        async with aclosing(watching) as changes:
            async for changed in changes:
                runs = (
                    [run for path in changed if (run := self._active.at(_dat_path(path)))]
                    if changed
                    else list(self._active)
                )
                if any(_is_request(path) for path in changed):
                    self._control.take_in()
                await self._read_all(runs)

    def _awaited(self) -> Iterable[Path]:
        """The files in which a value may be a reason to stop a run."""
        return [run.monitor.source_path for run in self._active] if self._is_urgent else ()

    async def look_anyway(self) -> None:
        """Read every run now and then: an event can be lost, and a silent run sends none."""
        while True:
            await anyio.sleep(LOOK_ANYWAY_S)
            self._look_after_sweep()
            self._control.take_in()
            await self._read_all(self._active)
            for run in self._active:
                self._silence.look_at(run)

    async def _read_all(self, runs: Iterable[ActiveRun]) -> None:
        """Read these runs. Other tasks have their turn between a few of them."""
        for n_read, run in enumerate(runs, 1):
            await self._read(run)
            if n_read % _RUNS_A_TURN == 0:
                await anyio.lowlevel.checkpoint()

    async def _read(self, run: ActiveRun) -> None:
        """Take in what a run has logged. Stop the run where the rule says so."""
        has_more = True
        while has_more and run in self._active:
            decision, improved, has_more = run.monitor.read()
            if decision is not None:
                self._active.stop(run, decision)
            if run.monitor.trouble is not None:
                trouble = f"cannot read the log of a run: {run.monitor.trouble}"
                self._recorder.warn_once(run.name, trouble)
            if improved:
                self._ending.see_best(run)
                summary = run.monitor.summary()
                self._recorder.tell("improved", index=run.attempt.index, **summary)
            self._silence.tell_notes(run)
            if has_more:
                await anyio.lowlevel.checkpoint()

    def _look_after_sweep(self) -> None:
        """Write what could not be written, say that it is alive, see whether it can continue."""
        self._recorder.flush()
        self._recorder.beat()
        if not self._folder.is_dir():
            self._ending.start_no_more(str(trouble_with(self._folder)))


def _dat_path(path: Path) -> Path:
    """The log of the run that a changed file belongs to."""
    return path.with_suffix(paths.DAT_SUFFIX) if path.suffix == paths.LOG_SUFFIX else path


def _is_request(path: Path) -> bool:
    """Whether a change of this path is a reason to look for requests."""
    return paths.REQUESTS_NAME in (path.name, path.parent.name)
