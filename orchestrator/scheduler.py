"""The one task group of a sweep: slots that run combinations, and a watcher that stops them."""

import os
import platform
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.abc
import anyio.lowlevel

from ml_tracking_ops.logger import paths

from .attempts import ActiveRun, Attempt, run_reason, run_status
from .command import command_line
from .config import LoadedConfig
from .draws import Draws
from .early_stopping import StopDecision
from .executors.base import Executor, RunCommand, RunningRun, Slot
from .journal import Event, Journal, RunState, SweepState
from .output import last_lines
from .process import process_identity
from .resumption import (
    Survivor,
    attempts_left,
    find_strays,
    find_survivors,
    for_attempt,
    share_out,
)
from .run_monitor import RunMonitor
from .samplers.proposals import Proposer
from .watcher import watch_files

GRACE_S = 10.0
LOOK_ANYWAY_S = 1.0
FIRST_FAILURES = 3
FAILS_WITHIN_S = 20.0
SILENT_METRIC_S = 30.0

Notify = Callable[[Event], None]


class Scheduler:
    """Runs a sweep to its end in the folder it is given.

    Args:
        loaded: the configuration.
        proposer: gives the hyperparameters of run 1, 2, ….
        executor: its slots say how many runs go on at once.
        folder: the sweep's folder; it exists and holds the description.
        journal: takes down what happens; `notify` is told the same, after it is written.
        grace_s: seconds between SIGTERM and SIGKILL.
        begun: the state of a sweep that is resumed.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        proposer: Proposer,
        executor: Executor,
        folder: Path,
        journal: Journal,
        notify: Notify,
        grace_s: float = GRACE_S,
        begun: SweepState | None = None,
    ) -> None:
        self._loaded = loaded
        self._config = loaded.config
        self._executor = executor
        self._folder = folder
        self._journal = journal
        self._notify = notify
        self._grace_s = grace_s
        self._active: dict[Path, ActiveRun] = {}
        self._waiting: deque[Attempt] = deque()
        self._stop_reason: str | None = None
        self._is_interrupted = False
        self._has_warned_silent = False
        self._tasks: anyio.abc.TaskGroup | None = None
        self.state = begun or SweepState(goal=self._config.optimization_goal)
        self._draws = Draws(
            proposer, self._config.max_runs, self.state, self._record,
            is_over=lambda: self._stop_reason is not None,
        )  # fmt: skip

    async def run(self) -> SweepState:
        """Run every combination; return the state that the journal now holds."""
        slots = self._executor.slots[: self._config.max_runs]
        self._end_strays()
        survivors = find_survivors(self._folder, self.state)
        self._waiting.extend(attempts_left(self.state, self._config.max_runs))
        n_workers, max_runs = len(self._executor.slots), self._config.max_runs
        self._record("sweep_started", **_who(), n_workers=n_workers, max_runs=max_runs)
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                async with anyio.create_task_group() as pool:
                    for slot, mine in zip(slots, share_out(survivors, len(slots)), strict=True):
                        pool.start_soon(self._fill_slot, slot, [self._adopt(s) for s in mine])
                    tasks.start_soon(self._watch)
                    tasks.start_soon(self._look_anyway)
                tasks.cancel_scope.cancel()
        finally:
            reason = self._stop_reason or self._draws.why_exhausted
            self._record("sweep_ended", status=self._outcome(), reason=reason)
        return self.state

    def interrupt(self, reason: str) -> None:
        """End the sweep in order: start nothing more, stop every run, record it."""
        self._is_interrupted = True
        self._stop_all(reason)

    def kill(self) -> None:
        """End every run at once."""
        for run in self._active.values():
            run.process.kill()

    def _stop_all(self, reason: str) -> None:
        if self._stop_reason is None:
            self._stop_reason = reason
        self._draws.note_change()
        for run in list(self._active.values()):
            self._stop(run, "interrupted")

    def _stop(self, run: ActiveRun, why: StopDecision | Literal["interrupted"]) -> None:
        if run.stopping is None and self._tasks is not None:
            run.process.terminate()
            run.stopping = why
            self._tasks.start_soon(run.process.stop, self._grace_s)

    async def _fill_slot(self, slot: Slot, adopted: Sequence[ActiveRun]) -> None:
        async with anyio.create_task_group() as tasks:
            for run in adopted:
                tasks.start_soon(self._see_through, run)
        while (attempt := await self._next_attempt()) is not None:
            await self._run(attempt, slot)

    async def _next_attempt(self) -> Attempt | None:
        """What to start next: what waits, else a new run; None where all is done."""
        while self._stop_reason is None:
            if self._waiting:
                return self._waiting.popleft()
            attempt = await self._draws.next_attempt()
            if attempt != "wait":
                return attempt
            if not self._active:
                return None  # nothing is left that could end
            await self._draws.wait_for_change()
        return None

    async def _run(self, attempt: Attempt, slot: Slot) -> None:
        """Run one attempt to its end."""
        name = paths.run_stem(attempt.index, attempt.number)
        command = for_attempt(
            self._command(name, attempt), attempt, slot.index, self._folder,
            self.state.runs.get(attempt.index),
        )  # fmt: skip
        started = {
            "index": attempt.index, "name": name, "attempt": attempt.number, "slot": slot.index,
        }  # fmt: skip
        try:
            process = self._executor.start(command, slot)
        except OSError as error:
            self._record("started", **started)
            self._record_unstarted(attempt, error)
            await anyio.lowlevel.checkpoint()
            return
        self._record("started", **started, pid=process.pid, process_identity=process.identity)
        await self._see_through(self._open_run(attempt, name, process, command.output_path))

    def _end_strays(self) -> None:
        """End runs that will be sampled, and started, anew."""
        for record in find_strays(self._folder, self.state):
            if record.exit_code is None:
                self._executor.adopt(record, *self._marker_of(record.name)).kill()

    def _marker_of(self, name: str) -> tuple[str, Path]:
        """How the processes of a run are known, and where they are on record."""
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        return f"{paths.RUN_FILE_VARIABLE}={dat_path}", self._folder / paths.PROCESSES_NAME

    def _adopt(self, survivor: Survivor) -> ActiveRun:
        """Go on with a run that an earlier orchestrator started."""
        name = survivor.record.name
        process = self._executor.adopt(survivor.record, *self._marker_of(name))
        log_path = self._folder / f"{name}{paths.LOG_SUFFIX}"
        run = self._open_run(survivor.attempt, name, process, log_path)
        run.is_leftover, run.ended_at = not survivor.is_alive, survivor.record.ended_at
        if survivor.is_alive:
            self._record("adopted", index=survivor.attempt.index, name=name, pid=process.pid)
        if survivor.decision is not None and self._tasks is not None:
            run.stopping = survivor.decision
            self._tasks.start_soon(process.stop, self._grace_s)
        return run

    async def _see_through(self, run: ActiveRun) -> None:
        """Wait for a run's end, and record it; a cancelled wait ends the run at once."""
        try:
            exit_code = await run.process.wait()
        except BaseException:
            run.process.kill()
            with anyio.CancelScope(shield=True):
                self._close_run(run, await run.process.wait())
            raise
        self._close_run(run, exit_code)

    def _command(self, name: str, attempt: Attempt) -> RunCommand:
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        return RunCommand(
            arguments=command_line(self._loaded.script, self._folder, attempt.hyperparameters),
            folder=self._loaded.folder,
            environment={paths.RUN_FILE_VARIABLE: str(dat_path), "PYTHONUNBUFFERED": "1"},
            output_path=self._folder / f"{name}{paths.LOG_SUFFIX}",
        )

    def _open_run(
        self, attempt: Attempt, name: str, process: RunningRun, log_path: Path
    ) -> ActiveRun:
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        run = ActiveRun(attempt, name, process, RunMonitor(dat_path, self._config), log_path)
        self._active[dat_path] = run
        return run

    def _close_run(self, run: ActiveRun, exit_code: int | None) -> None:
        self._active.pop(run.monitor.dat_path)
        run.monitor.read_all()
        status = run_status(run, exit_code)
        tail = last_lines(run.log_path) if status in ("failed", "killed") else []
        ended_at = run.ended_at or time.time()
        self._record(
            "ended",
            time=round(ended_at, 6),
            index=run.attempt.index,
            status=status,
            exit_code=exit_code,
            duration_s=round(ended_at - run.process.started_at, 6),
            **run.monitor.summary(),
            reason=run_reason(run, status, exit_code, tail, self._stop_reason),
            output_tail=tail,
        )
        self._warn_if_silent(run)
        if status == "lost" or (status == "killed" and run.is_leftover):
            again = Attempt(run.attempt.index, run.attempt.hyperparameters, run.attempt.number + 1)
            self._waiting.append(again)
        self._stop_if_first_runs_fail()

    def _record_unstarted(self, attempt: Attempt, error: OSError) -> None:
        self._record(
            "ended", index=attempt.index, status="failed", reason=f"could not be started: {error}",
            duration_s=0.0, output_tail=[str(error)],
        )  # fmt: skip
        self._stop_if_first_runs_fail()

    async def _watch(self) -> None:
        async with aclosing(watch_files(self._folder)) as changes:
            async for changed in changes:
                runs = (
                    [run for path in changed if (run := self._active.get(path))]
                    if changed
                    else list(self._active.values())
                )
                for run in runs:
                    await self._read(run)

    async def _look_anyway(self) -> None:
        """Read every run now and then: an event can be lost, and a silent run sends none."""
        while True:
            await anyio.sleep(LOOK_ANYWAY_S)
            self._journal.flush()
            self._journal.beat()
            for run in list(self._active.values()):
                await self._read(run)
                if time.time() - run.process.started_at > SILENT_METRIC_S:
                    self._warn_if_silent(run)

    async def _read(self, run: ActiveRun) -> None:
        """Take in what a run has logged; stop the run where the rule says so."""
        has_more = True
        while has_more and run.monitor.dat_path in self._active:
            decision, improved, has_more = run.monitor.read()
            if decision is not None and run.stopping is None:
                self._stop(run, decision)
                self._record("stopped_early", index=run.attempt.index, **decision.as_event())
            if improved:
                self._notify(
                    {"event": "improved", "index": run.attempt.index, **run.monitor.summary()}
                )
            await anyio.lowlevel.checkpoint()

    def _warn_if_silent(self, run: ActiveRun) -> None:
        if run.monitor.is_silent and not self._has_warned_silent:
            self._has_warned_silent = True
            self._record("warning", message=run.monitor.explain_silence(run.name))

    def _stop_if_first_runs_fail(self) -> None:
        ended = [run for run in self.state.runs.values() if run.has_ended]
        if (
            self._stop_reason is None
            and len(ended) == FIRST_FAILURES
            and all(run.status == "failed" and _duration_s(run) < FAILS_WITHIN_S for run in ended)
            and not any(run.monitor.has_logged for run in self._active.values())
        ):
            self._stop_all(f"the first {len(ended)} runs all failed within seconds")

    def _outcome(self) -> Literal["finished", "failed", "killed"]:
        if self._is_interrupted:
            return "killed"
        did_any_succeed = any(
            run.status in ("finished", "early_stopped") for run in self.state.runs.values()
        )
        return "finished" if did_any_succeed and self._stop_reason is None else "failed"

    def _record(self, event: str, **fields: Any) -> None:
        record = self._journal.append(event, **fields)
        self.state.apply(record)
        if event == "ended":
            self._draws.note_change()
        self._notify(record)


def _duration_s(run: RunState) -> float:
    return (run.ended_at or 0.0) - (run.started_at or 0.0)


def _who() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "process_identity": process_identity(os.getpid()),
        "host": platform.node(),
    }
