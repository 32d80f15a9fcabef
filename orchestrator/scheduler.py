"""The one task group of a sweep: slots that run combinations, and a watcher that stops them."""

import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.abc
import anyio.lowlevel

from ml_tracking_ops.logger import paths

from .config import LoadedConfig, as_text
from .early_stopping import StopDecision
from .executors.base import Executor, RunCommand, RunningRun, Slot
from .journal import Event, Journal, RunState, RunStatus, SweepState
from .output import last_lines
from .process import process_identity
from .run_monitor import RunMonitor
from .samplers import Combination, RandomSampler
from .watcher import watch_files

GRACE_S = 10.0
LOOK_ANYWAY_S = 1.0
FIRST_FAILURES = 3
FAILS_WITHIN_S = 20.0
SILENT_METRIC_S = 30.0

Notify = Callable[[Event], None]
_STOPPED_FROM_OUTSIDE = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}


@dataclass(eq=False)
class ActiveRun:
    """A run that is going on: its process, its monitor, and why it is being stopped, if it is."""

    index: int
    name: str
    process: RunningRun
    monitor: RunMonitor
    log_path: Path
    stopping: StopDecision | Literal["interrupted"] | None = None


class Scheduler:
    """Runs a sweep to its end in the folder it is given.

    Args:
        loaded: the configuration.
        sampler: gives the hyperparameters of run 1, 2, ….
        executor: its slots say how many runs go on at once.
        folder: the sweep's folder; it exists and holds the description.
        journal: takes down what happens; `notify` is told the same, after it is written.
        grace_s: seconds between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        sampler: RandomSampler,
        executor: Executor,
        folder: Path,
        journal: Journal,
        notify: Notify,
        grace_s: float = GRACE_S,
    ) -> None:
        self._loaded = loaded
        self._config = loaded.config
        self._sampler = sampler
        self._executor = executor
        self._folder = folder
        self._journal = journal
        self._notify = notify
        self._grace_s = grace_s
        self._active: dict[Path, ActiveRun] = {}
        self._next_index = 1
        self._stop_reason: str | None = None
        self._is_interrupted = False
        self._has_warned_silent = False
        self._tasks: anyio.abc.TaskGroup | None = None
        self.state = SweepState(goal=self._config.optimization_goal)

    async def run(self) -> SweepState:
        """Run every combination; return the state that the journal now holds."""
        slots = self._executor.slots[: self._config.max_runs]
        self._record("sweep_started", **_who(), n_workers=len(self._executor.slots))
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                async with anyio.create_task_group() as pool:
                    for slot in slots:
                        pool.start_soon(self._fill_slot, slot)
                    tasks.start_soon(self._watch)
                    tasks.start_soon(self._look_anyway)
                tasks.cancel_scope.cancel()
        finally:
            self._record("sweep_ended", status=self._outcome(), reason=self._stop_reason)
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
        for run in list(self._active.values()):
            self._stop(run, "interrupted")

    def _stop(self, run: ActiveRun, why: StopDecision | Literal["interrupted"]) -> None:
        if run.stopping is None and self._tasks is not None:
            run.process.terminate()
            run.stopping = why
            self._tasks.start_soon(run.process.stop, self._grace_s)

    async def _fill_slot(self, slot: Slot) -> None:
        while self._stop_reason is None and self._next_index <= self._config.max_runs:
            index = self._next_index
            self._next_index += 1
            await self._run_one(index, slot)

    async def _run_one(self, index: int, slot: Slot) -> None:
        combination = self._sampler.combination(index)
        self._record("sampled", index=index, hyperparameters=combination)
        name = paths.run_stem(index)
        command = self._command(name, combination, slot)
        try:
            process = self._executor.start(command, slot)
        except OSError as error:
            self._record_unstarted(index, name, slot, error)
            await anyio.lowlevel.checkpoint()
            return
        run = self._open_run(index, name, process, command.output_path)
        self._record(
            "started",
            index=index,
            name=name,
            attempt=1,
            pid=process.pid,
            process_identity=process.identity,
            slot=slot.index,
        )
        try:
            exit_code = await process.wait()
        except BaseException:
            process.kill()
            with anyio.CancelScope(shield=True):
                self._close_run(run, await process.wait())
            raise
        self._close_run(run, exit_code)

    def _command(self, name: str, combination: Combination, slot: Slot) -> RunCommand:
        """The contract with a training script: an argument list, and the environment."""
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        return RunCommand(
            arguments=command_line(self._loaded.script, self._folder, combination),
            folder=self._loaded.folder,
            environment={paths.RUN_FILE_VARIABLE: str(dat_path), "PYTHONUNBUFFERED": "1"},
            output_path=self._folder / f"{name}{paths.LOG_SUFFIX}",
        )

    def _open_run(self, index: int, name: str, process: RunningRun, log_path: Path) -> ActiveRun:
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        run = ActiveRun(index, name, process, RunMonitor(dat_path, self._config), log_path)
        self._active[dat_path] = run
        return run

    def _close_run(self, run: ActiveRun, exit_code: int) -> None:
        self._active.pop(run.monitor.dat_path)
        run.monitor.read_all()
        status = run_status(run, exit_code)
        tail = last_lines(run.log_path) if status in ("failed", "killed") else []
        self._record(
            "ended",
            index=run.index,
            status=status,
            exit_code=exit_code,
            duration_s=round(time.time() - run.process.started_at, 6),
            **run.monitor.summary(),
            reason=run_reason(run, status, exit_code, tail, self._stop_reason),
            output_tail=tail,
        )
        self._warn_if_silent(run)
        self._stop_if_first_runs_fail()

    def _record_unstarted(self, index: int, name: str, slot: Slot, error: OSError) -> None:
        self._record("started", index=index, name=name, attempt=1, slot=slot.index)
        self._record(
            "ended", index=index, status="failed", reason=f"could not be started: {error}",
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
                self._record("stopped_early", index=run.index, **decision.as_event())
            if improved:
                self._notify({"event": "improved", "index": run.index, **run.monitor.summary()})
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
        self._notify(record)


def command_line(script: Path, logdir: Path, combination: Combination) -> tuple[str, ...]:
    """The argument list that starts one run; each value arrives whole, whatever it begins with."""
    hyperparameters = (f"--{name}={as_text(value)}" for name, value in combination.items())
    return (sys.executable, str(script), f"--logdir={logdir}", *hyperparameters)


def run_status(run: ActiveRun, exit_code: int) -> RunStatus:
    """The state of a run that has ended."""
    if isinstance(run.stopping, StopDecision):
        return "early_stopped"
    if run.stopping == "interrupted" or exit_code in _STOPPED_FROM_OUTSIDE:
        return "killed"
    return "finished" if exit_code == 0 else "failed"


def run_reason(
    run: ActiveRun, status: RunStatus, exit_code: int, tail: list[str], stop_reason: str | None
) -> str | None:
    """One sentence that says why a run ended as it did; None where there is nothing to say."""
    if isinstance(run.stopping, StopDecision):
        return run.stopping.reason
    if run.stopping == "interrupted":
        return f"stopped with the sweep: {stop_reason}"
    if status == "finished":
        return None
    said = f": {tail[-1].strip()}" if tail else ""
    if exit_code < 0:
        return f"ended by signal {-exit_code} ({_signal_name(-exit_code)}){said}"
    return f"exit code {exit_code}{said}"


def _duration_s(run: RunState) -> float:
    return (run.ended_at or 0.0) - (run.started_at or 0.0)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _who() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "process_identity": process_identity(os.getpid()),
        "host": platform.node(),
    }
