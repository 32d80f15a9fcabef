"""Watch a sweep's folder: the logs of its runs, and the requests of users."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path

import anyio
import anyio.lowlevel

from ml_tracking_ops.logger import paths

from ..store.files.disk import trouble_with
from ..store.watching.awaited_files import poll_awaited
from ..store.watching.watcher import (
    LEAST_PAUSE_S,
    MOST_PAUSE_S,
    PAUSE_TO_WORK,
    URGENT_PAUSE_TO_WORK,
    watch_files,
)
from .control import SweepControl
from .runs.active import ActiveRun, ActiveRuns
from .runs.recorder import Recorder
from .runs.silence import SilenceWarnings
from .runs.sweep_ending import SweepEnding

LOOK_ANYWAY_S = 1.0
_RUNS_A_TURN = 8


class Lookout:
    """Reads the logs of running runs whenever they grow, and once a second in any case.

    Args:
        is_urgent: whether a value may be a reason to stop a run, which then wastes its worker.
        are_files_known: whether values appear in known files, and not in event files of any name.
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
        are_files_known: bool,
    ) -> None:
        self._folder = folder
        self._recorder = recorder
        self._active = active
        self._ending = ending
        self._control = control
        self._silence = silence
        self._is_urgent = is_urgent
        self._are_files_known = are_files_known

    async def watch(self) -> None:
        async with aclosing(self._changes()) as changes:
            async for changed in changes:
                runs = self._logging(changed) if changed else list(self._active)
                await self._read_all(runs)

    def _changes(self) -> AsyncGenerator[set[Path], None]:
        """Return the watcher of growing files. Polling suffices if nothing waits for a value."""
        if self._are_files_known and not self._is_urgent:
            return poll_awaited(self._awaited, MOST_PAUSE_S)
        return watch_files(
            self._folder,
            pause_to_work=URGENT_PAUSE_TO_WORK if self._is_urgent else PAUSE_TO_WORK,
            least_pause_s=LEAST_PAUSE_S if self._is_urgent else MOST_PAUSE_S,
            awaited=self._awaited if self._is_urgent else tuple,
        )

    def _logging(self, changed: Iterable[Path]) -> list[ActiveRun]:
        """Return the runs whose files changed. Take in the requests of users among the changes."""
        runs = []
        is_asked = False
        for path in changed:
            run = self._active.at(path)
            if run is None and path.suffix == paths.LOG_SUFFIX:
                run = self._active.at(path.with_suffix(paths.DAT_SUFFIX))
            if run is not None:
                runs.append(run)
            else:
                is_asked |= _is_request(path)
        if is_asked:
            self._control.take_in()
        return runs

    def _awaited(self) -> Iterable[Path]:
        """Return the files in which values may appear, and the folder of requests."""
        sources = [run.monitor.source_path for run in self._active]
        return [*filter(None, sources), self._folder / paths.REQUESTS_NAME]

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
        """Read these runs, and yield to other tasks between a few of them."""
        for n_read, run in enumerate(runs, 1):
            await self._read(run)
            if n_read % _RUNS_A_TURN == 0:
                await anyio.lowlevel.checkpoint()

    async def _read(self, run: ActiveRun) -> None:
        """Take in what a run has logged. Stop the run if the rule requires it."""
        await run.monitor.load_reader()
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
                self._recorder.report("improved", index=run.attempt.index, **summary)
            self._silence.warn_of_notes(run)
            if has_more:
                await anyio.lowlevel.checkpoint()

    def _look_after_sweep(self) -> None:
        """Write what could not be written, give a sign of life, check whether the sweep can
        continue."""
        self._recorder.flush()
        self._recorder.beat()
        if not self._folder.is_dir():
            self._ending.start_nothing_more(str(trouble_with(self._folder)))


def _is_request(path: Path) -> bool:
    """Return whether a change of this path is a reason to look for requests."""
    return paths.REQUESTS_NAME in (path.name, path.parent.name)
