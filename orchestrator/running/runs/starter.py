"""Starting runs, and taking over those that an earlier orchestrator started."""

from pathlib import Path
from typing import Any

import anyio

from ml_tracking_ops.logger import paths

from ...config.validation import LoadedConfig
from ...executors.base import Executor, RunningRun, Slot
from ...stopping import StoppingRules
from ...store.files.disk import is_passing, trouble_with
from .active import ActiveRun, ActiveRuns
from .attempts import Attempt, Backlog
from .command import earlier_names, for_attempt, run_command, tensorboard_folder, write_arguments
from .ending import SweepEnding
from .ends import RunEnds
from .events.metrics import EventMetrics
from .events.owner import RunProcesses
from .monitor import RunMonitor
from .recorder import Recorder
from .survivors import Survivor, take_over

START_AGAIN_S = 1.0


class RunStarter:
    """Makes a waiting attempt, or a survivor, a run that is running."""

    def __init__(
        self,
        loaded: LoadedConfig,
        folder: Path,
        executor: Executor,
        recorder: Recorder,
        active: ActiveRuns,
        ending: SweepEnding,
        waiting: Backlog,
        rules: StoppingRules,
        ends: RunEnds,
    ) -> None:
        self._loaded = loaded
        self._folder = folder
        self._executor = executor
        self._recorder = recorder
        self._active = active
        self._ending = ending
        self._waiting = waiting
        self._rules = rules
        self._ends = ends

    def start(self, attempt: Attempt, slot: Slot) -> ActiveRun | None:
        """Start an attempt; return None if it could not be, which is then taken care of."""
        name = paths.run_stem(attempt.index, attempt.number)
        started: dict[str, Any] = {
            "index": attempt.index,
            "name": name,
            "attempt": attempt.number,
            "slot": slot.index,
            **({"gpus": list(slot.gpus)} if slot.gpus else {}),
        }
        try:
            process = self._start(attempt, name, slot)
        except OSError as error:
            self._deal_with(error, attempt, started)
            return None
        self._recorder.write(
            "started", **started, pid=process.pid, process_identity=process.identity
        )
        run = self._open(attempt, name, process)
        run.gpus = slot.gpus
        return run

    def _events(
        self, attempt: Attempt, name: str, process: RunningRun, dat_path: Path
    ) -> EventMetrics | None:
        """What reads the run's event files, where its metrics come from them."""
        known = self._recorder.record.runs.get(attempt.index)
        first_name = [*(known.previous_names if known else ()), name][0]
        folder = tensorboard_folder(
            self._loaded, self._folder, name, attempt.hyperparameters, first_name
        )
        if folder is None:
            return None
        is_own = folder.is_relative_to(self._folder / f"{first_name}{paths.RUN_FOLDER_SUFFIX}")
        owner = RunProcesses(process.pid, process.started_at, str(dat_path), is_own=is_own)
        return EventMetrics(folder, dat_path, owner)

    def _start(self, attempt: Attempt, name: str, slot: Slot) -> RunningRun:
        """
        Raises:
            OSError: it cannot be started, or its start could not be recorded.
        """
        combination = attempt.hyperparameters
        known = self._recorder.record.runs.get(attempt.index)
        first_name = [*earlier_names(known), name][0]
        command = run_command(self._loaded, self._folder, name, combination, first_name)
        command = for_attempt(command, attempt, slot.index, self._folder, known)
        trouble = self._recorder.flush()
        if trouble is not None and is_passing(trouble):
            raise trouble
        write_arguments(self._loaded, self._folder, name, combination, first_name)
        return self._executor.start(command, slot)

    def _deal_with(self, error: OSError, attempt: Attempt, started: dict[str, Any]) -> None:
        """The machine has nothing to give just now, the folder is gone, or the command is wrong."""
        if is_passing(error):
            self._recorder.warn_once("start", f"runs wait: {error}")
            self._waiting.add(attempt, anyio.current_time() + START_AGAIN_S)
        elif (trouble := trouble_with(self._folder)) is not None:
            self._ending.start_no_more(trouble)
        else:
            self._recorder.write("started", **started)
            self._ends.fail_unstarted(attempt, error)

    def adopt(self, survivor: Survivor) -> ActiveRun:
        """Carry on with a run that an earlier orchestrator started."""
        name, index = survivor.record.name, survivor.attempt.index
        process = take_over(self._executor, self._folder, survivor.record)
        run = self._open(survivor.attempt, name, process)
        run.is_leftover, run.ended_at = not survivor.is_alive, survivor.record.ended_at
        if survivor.is_alive:
            self._recorder.write("adopted", index=index, name=name, pid=process.pid)
        if survivor.decision is not None:
            self._active.stop_again(run, survivor.decision)
        return run

    def _open(self, attempt: Attempt, name: str, process: RunningRun) -> ActiveRun:
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        log_path = self._folder / f"{name}{paths.LOG_SUFFIX}"
        events = self._events(attempt, name, process, dat_path)
        monitor = RunMonitor(
            dat_path, self._loaded.config, self._rules, attempt.index, events=events
        )
        run = ActiveRun(attempt, name, process, monitor, log_path)
        self._active.add(run)
        return run
