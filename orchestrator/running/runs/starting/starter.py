"""Start runs, and take over those that an earlier orchestrator started."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from ml_tracking_ops.logger import paths

from ....config.validation import LoadedConfig
from ....executors.base import Executor, NotYet, RunHandle, RunStart, Slot
from ....stopping import StoppingRules
from ....store.files.disk import is_passing, trouble_with
from ....store.files.run_refs import process_of
from ..active import ActiveRun, ActiveRuns
from ..attempts import Attempt, AttemptQueue
from ..limits import build_rules
from ..monitor import RunMonitor
from ..open_files import check_run_can_start
from ..recorder import Recorder
from ..run_ends import RunEnds
from ..sweep_ending import SweepEnding
from .command import earlier_names, for_attempt, run_command, tensorboard_folder, write_arguments
from .survivors import Survivor

if TYPE_CHECKING:
    from ..events.metrics import EventFileFollower

START_AGAIN_S = 1.0
ASK_FOR_TURN_S = 0.5
WARN_OF_TURNS_EVERY_S = 60.0


class RunStarter:
    """Turns a waiting attempt, or a survivor, into a running run."""

    def __init__(
        self,
        loaded: LoadedConfig,
        folder: Path,
        executor: Executor,
        recorder: Recorder,
        active: ActiveRuns,
        ending: SweepEnding,
        waiting: AttemptQueue,
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
        self._own_rules = build_rules(loaded.config, compares=False)
        self._ends = ends
        self._warn_again_at = 0.0

    async def start(self, attempt: Attempt, slot: Slot) -> ActiveRun | None:
        """Give an attempt to the engine. Returns None if that fails, after handling the failure."""
        name = paths.run_stem(attempt.index, attempt.number)
        fields: dict[str, Any] = {
            "index": attempt.index,
            "name": name,
            "attempt": attempt.number,
            "slot": slot.index,
        }
        run = self._open(attempt, name, None)
        run.slot, run.gpus = slot.index, slot.gpus
        try:
            check_run_can_start()
            await run.monitor.load_followers()
            handle = await self._submit(attempt, name, slot, fields)
        except OSError as error:
            self._active.remove(run)
            self._handle_failed_start(error, attempt, fields)
            return None
        except BaseException:
            self._active.remove(run)
            raise
        self._active.take(run, handle)
        self._recorder.take_back("turn", "runs no longer wait for another sweep")
        self._recorder.take_back("start", "runs start again")
        if self._executor.queues:
            ref = handle.ref.as_event()
            self._recorder.write("submitted", index=attempt.index, ref=ref)
        if handle.start is not None:
            run.gpus = handle.start.gpus
            self._record_start(run, handle, handle.start)
        return run

    def _events(self, run: ActiveRun) -> "EventFileFollower | None":
        """Return the reader of the run's event files, if its metrics come from them."""
        attempt, name, dat_path = run.attempt, run.name, run.monitor.dat_path
        known = self._recorder.record.runs.get(attempt.index)
        first_name = [*(known.previous_names if known else ()), name][0]
        folder = tensorboard_folder(
            self._loaded, self._folder, name, attempt.hyperparameters, first_name
        )
        if folder is None:
            return None
        from ..events.metrics import EventFileFollower
        from ..events.owner import RunProcesses

        is_own = folder.is_relative_to(self._folder / f"{first_name}{paths.RUN_FOLDER_SUFFIX}")
        process = None if run.handle is None else process_of(run.handle.ref)
        pid = None if process is None else process[0]
        owner = RunProcesses(pid, run.started_at or 0.0, str(dat_path), is_own=is_own)
        return EventFileFollower(folder, dat_path, owner)

    async def _submit(
        self, attempt: Attempt, name: str, slot: Slot, fields: Mapping[str, Any]
    ) -> RunHandle:
        """Submit an attempt to the engine, and record it.

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
        if self._executor.queues:
            self._recorder.write("submitting", **fields)
        return await self._executor.submit(command, slot)

    async def wait_started(self, run: ActiveRun, handle: RunHandle) -> None:
        """Wait until a run's process has started, or it has ended without. Record both."""
        if run.is_start_recorded:
            return

        def report(reason: str) -> None:
            self._recorder.write("queued", index=run.attempt.index, reason=reason)

        start = await handle.wait_started(report)
        if start is not None:
            self._record_start(run, handle, start)
        else:
            self._active.record_decision(run)

    def _record_start(self, run: ActiveRun, handle: RunHandle, start: RunStart) -> None:
        run.is_start_recorded = True
        self._recorder.write(
            "started",
            **({"time": round(start.at, 6)} if self._executor.queues else {}),
            index=run.attempt.index,
            name=run.name,
            attempt=run.attempt.number,
            slot=run.slot,
            ref=handle.ref.as_event(),
            node=start.node,
            **({"gpus": list(start.gpus)} if start.gpus else {}),
        )
        run.monitor.follow_output(self._events(run))
        self._active.record_decision(run)

    def _handle_failed_start(
        self, error: OSError, attempt: Attempt, started: dict[str, Any]
    ) -> None:
        """Handle a failed start: no resources just now, the folder is gone, or the command is
        wrong."""
        if isinstance(error, NotYet):
            self._wait_for_turn(error.reason, attempt)
        elif is_passing(error):
            self._recorder.warn_once("start", f"runs wait: {error}")
            if self._executor.queues:
                self._recorder.write("not_submitted", index=attempt.index, reason=str(error))
            self._waiting.add(attempt, anyio.current_time() + START_AGAIN_S)
        elif (trouble := trouble_with(self._folder)) is not None:
            self._ending.start_nothing_more(trouble)
        else:
            self._recorder.write("started", **started)
            self._ends.fail_unstarted(attempt, error)

    def _wait_for_turn(self, reason: str, attempt: Attempt) -> None:
        """Wait: other sweeps hold all that the run needs."""
        text = f"waits for its turn: {reason}"
        if self._recorder.record.runs[attempt.index].reason != text:
            self._recorder.write("not_submitted", index=attempt.index, reason=text)
        if anyio.current_time() >= self._warn_again_at:
            self._warn_again_at = anyio.current_time() + WARN_OF_TURNS_EVERY_S
            self._recorder.may_warn_again("turn")
        self._recorder.warn_once("turn", f"runs wait for their turn: {reason}")
        self._waiting.add(attempt, anyio.current_time() + ASK_FOR_TURN_S, in_line=True)

    def adopt(self, survivor: Survivor) -> ActiveRun:
        """Take over a run that an earlier orchestrator started."""
        name, index, found = survivor.name, survivor.attempt.index, survivor.found
        run = self._open(survivor.attempt, name, found.handle)
        run.slot = found.slot
        run.is_leftover = found.standing == "ended"
        run.ended_at = found.ended_at
        run.is_start_recorded = survivor.is_started
        if survivor.is_started:
            run.monitor.follow_output(self._events(run))
        if not run.is_leftover:
            ref = found.handle.ref.as_event()
            self._recorder.write("adopted", index=index, name=name, ref=ref)
        if survivor.decision is not None:
            self._active.stop_again(run, survivor.decision)
        return run

    def _open(self, attempt: Attempt, name: str, handle: RunHandle | None) -> ActiveRun:
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        log_path = self._folder / f"{name}{paths.LOG_SUFFIX}"
        record = self._recorder.record.runs.get(attempt.index)
        is_confirming = record is not None and record.is_confirming
        rules = self._own_rules if is_confirming else self._rules
        monitor = RunMonitor(dat_path, self._loaded.config, rules, attempt.index)
        run = ActiveRun(attempt, name, handle, monitor, log_path)
        self._active.add(run)
        return run
