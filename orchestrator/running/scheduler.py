"""The one task group of a sweep: a pool that runs combinations, and a watcher that stops them."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import anyio.to_thread

from ml_tracking_ops.logger import paths

from ..config.validation import LoadedConfig
from ..executors.base import Executor, RunningRun, Slot
from ..executors.local.process_group import process_identity
from ..search.proposals import Proposer
from ..search.warm_start import EarlierSweep
from ..stopping import StopDecision
from ..store.journal import Event, Journal
from ..store.output_tail import ERROR_LINES, TAIL_LINES, last_lines
from ..store.run_states import RESULTS_THAT_COUNT, RunState, SweepEnd
from ..store.states import RunRecord, SweepRecord
from .attempts import ActiveRun, Attempt, Why, is_passing, run_reason, run_state, trouble_with
from .backlog import Backlog, backoff_s
from .command import run_command, write_arguments
from .control import Control
from .draws import Draws
from .limits import SweepLimits, build_rules, out_of_time
from .lookout import Lookout
from .pool import Pool
from .resumption import (
    Survivor,
    attempts_left,
    end_strays,
    find_survivors,
    for_attempt,
    replay,
    share_out,
    take_over,
)
from .run_monitor import RunMonitor

GRACE_S = 10.0
FIRST_FAILURES = 3
FAILS_WITHIN_S = 20.0
START_AGAIN_S = 1.0

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
        earlier: sweeps to start from, for the journal of a new one to take down.
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
        begun: SweepRecord | None = None,
        earlier: Sequence[EarlierSweep] = (),
    ) -> None:
        self._loaded = loaded
        self._earlier = earlier
        self._config = loaded.config
        self._executor = executor
        self._folder = folder
        self._journal = journal
        self._notify = notify
        self._grace_s = grace_s
        self._active: dict[Path, ActiveRun] = {}
        self._waiting = Backlog()
        self._rules = build_rules(self._config)
        self._limits = SweepLimits(self._config)
        self._stop_reason: str | None = None
        self._is_interrupted = False
        self._is_complete = False
        self._has_warned: set[str] = set()
        self._tasks: anyio.abc.TaskGroup | None = None
        self.record = begun or SweepRecord(goal=self._config.optimization_goal)
        self._draws = Draws(
            proposer,
            self._config.max_runs,
            self.record,
            self._record,
            is_over=lambda: self.is_ending,
        )
        self._pool = Pool(
            self,
            executor,
            self._draws,
            self._waiting,
            self._config.max_runs,
            needs_room=self._config.min_free_gpu_memory_gb is not None,
        )
        self._control = Control(folder, self, self._record)
        is_urgent = bool(self._rules.metrics)
        self._lookout = Lookout(self, folder, self._active, is_urgent=is_urgent)

    async def run(self) -> SweepRecord:
        """Run every combination; return the state that the journal now holds."""
        end_strays(self._executor, self._folder, self.record)
        n_workers, max_runs = len(self._executor.slots), self._config.max_runs
        self._record("sweep_started", **_who(), n_workers=n_workers, max_runs=max_runs)
        self._record_earlier()
        self._control.take_in(is_start=True)
        survivors = find_survivors(self._folder, self.record)
        for attempt in attempts_left(self.record, self._config.max_runs):
            self._waiting.add(attempt)
        decision = replay(self._folder, self.record, self._rules, self._limits)
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                async with anyio.create_task_group() as slots:
                    shares = share_out(survivors, self._pool.n_slots)
                    self._pool.begin(slots, [[self._adopt(s) for s in mine] for mine in shares])
                    self._complete(decision)
                    tasks.start_soon(self._lookout.watch)
                    tasks.start_soon(self._lookout.look_anyway)
                    if self._config.max_hours is not None:
                        tasks.start_soon(self._end_after, self._config.max_hours)
                tasks.cancel_scope.cancel()
        finally:
            reason = self._stop_reason or self._draws.why_exhausted
            self._record("sweep_ended", state=self._outcome(), reason=reason)
        return self.record

    def interrupt(self, reason: str) -> None:
        """End the sweep in order: start nothing more, stop every run, record it."""
        self._is_interrupted = True
        self._stop_all(reason)

    def stop_by_hand(self, reason: str) -> None:
        """End the sweep in order because a user asked for it."""
        self.interrupt(reason)

    def stop_run_by_hand(self, index: int) -> None:
        """End one run in order; the state says why."""
        for run in list(self._active.values()):
            if run.attempt.index == index:
                self._stop(run, "by hand")

    def run_again(self, index: int) -> None:
        """Let a run wait for a slot that the state holds as pending."""
        if not self._pool.has_begun:
            return  # it is among what is left to do
        run = self.record.runs[index]
        self._waiting.drop(index)  # an interrupted run waits already
        self._waiting.add(Attempt(index, run.hyperparameters, run.attempt))
        self._pool.refill()

    def run_no_more(self, index: int) -> None:
        """Do not start a run again that waits for a slot."""
        self._waiting.drop(index)
        self._draws.note_change()  # where nothing else is left to do, the sweep is over

    def resize(self, n_workers: int) -> None:
        """Change how many runs go on at once."""
        self._pool.resize(n_workers)

    def wake(self) -> None:
        """Have the slots look again whether something may be started."""
        self._draws.note_change()

    @property
    def is_interrupted(self) -> bool:
        return self._is_interrupted

    @property
    def is_ending(self) -> bool:
        return self._stop_reason is not None

    @property
    def is_paused(self) -> bool:
        return self.record.is_paused

    @property
    def has_active_runs(self) -> bool:
        return bool(self._active)

    def kill(self) -> None:
        """End every run at once."""
        for run in self._active.values():
            run.process.kill()

    def _stop_all(self, reason: str, why: Why = "interrupted") -> None:
        if self._stop_reason is None:
            self._stop_reason = reason
        self._draws.note_change()
        for run in list(self._active.values()):
            self._stop(run, why)

    def _stop(self, run: ActiveRun, why: Why) -> None:
        if run.stopping is not None or self._tasks is None:
            return
        run.process.terminate()
        run.stopping = why
        self._tasks.start_soon(run.process.stop, self._grace_s)
        if isinstance(why, StopDecision):
            self._record("stopped_early", index=run.attempt.index, **why.as_event())

    def _complete(self, decision: StopDecision | None) -> None:
        """End the sweep where one of its limits says that it has what it was started for."""
        if decision is not None and self._stop_reason is None:
            self._is_complete = True
            self._record("stopping", **decision.as_event())
            self._stop_all(decision.reason, decision.for_runs())

    async def _end_after(self, max_hours: float) -> None:
        await anyio.sleep(max_hours * 3600)
        self._complete(out_of_time(max_hours))

    async def run_attempt(self, attempt: Attempt, slot: Slot) -> None:
        """Run one attempt to its end."""
        name = paths.run_stem(attempt.index, attempt.number)
        command = for_attempt(
            run_command(self._loaded, self._folder, name, attempt.hyperparameters),
            attempt,
            slot.index,
            self._folder,
            self.record.runs.get(attempt.index),
        )
        started = {
            "index": attempt.index,
            "name": name,
            "attempt": attempt.number,
            "slot": slot.index,
            **({"gpus": list(slot.gpus)} if slot.gpus else {}),
        }
        try:
            self._journal.flush()
            if self._journal.trouble is not None and is_passing(self._journal.trouble):
                raise self._journal.trouble
            write_arguments(self._loaded, self._folder, name, attempt.hyperparameters)
            process = self._executor.start(command, slot)
        except OSError as error:
            if is_passing(error):
                self._start_later(attempt, error)
                return
            if (trouble := trouble_with(self._folder)) is not None:
                self._start_no_more(trouble)
                return
            self._record("started", **started)
            self._record_unstarted(attempt, error)
            await anyio.lowlevel.checkpoint()
            return
        self._record("started", **started, pid=process.pid, process_identity=process.identity)
        await self.see_through(self._open_run(attempt, name, process, command.output_path))

    def _start_no_more(self, reason: str) -> None:
        """Let the runs that go on end; what is left to do is for a resume."""
        if self._stop_reason is None:
            self._stop_reason = reason
            self._record("warning", message=f"{reason}; no more runs are started")
            self._draws.note_change()

    def _start_later(self, attempt: Attempt, error: OSError) -> None:
        """Try again in a while: the machine has no process, file or room to give just now."""
        self.warn_once("start", f"runs wait: {error}")
        self._waiting.add(attempt, anyio.current_time() + START_AGAIN_S)

    def _adopt(self, survivor: Survivor) -> ActiveRun:
        """Go on with a run that an earlier orchestrator started."""
        name = survivor.record.name
        process = take_over(self._executor, self._folder, survivor.record)
        log_path = self._folder / f"{name}{paths.LOG_SUFFIX}"
        run = self._open_run(survivor.attempt, name, process, log_path)
        run.is_leftover, run.ended_at = not survivor.is_alive, survivor.record.ended_at
        if survivor.is_alive:
            self._record("adopted", index=survivor.attempt.index, name=name, pid=process.pid)
        if survivor.decision is not None and self._tasks is not None:
            run.stopping = survivor.decision
            self._tasks.start_soon(process.stop, self._grace_s)
        return run

    async def see_through(self, run: ActiveRun) -> None:
        """Wait for a run's end, and record it; a cancelled wait ends the run at once."""
        try:
            exit_code = await self._wait_in_time(run)
        except BaseException:
            run.process.kill()
            with anyio.CancelScope(shield=True):
                self._close_run(run, await run.process.wait())
            raise
        self._close_run(run, exit_code)

    async def _wait_in_time(self, run: ActiveRun) -> int | None:
        """Wait for a run's end; stop it where it takes longer than `timeout_s`."""
        if self._config.timeout_s is not None:
            elapsed_s = time.time() - run.process.started_at
            with anyio.move_on_after(self._config.timeout_s - elapsed_s):
                return await run.process.wait()
            self._stop(run, "timeout")
        return await run.process.wait()

    def _open_run(
        self, attempt: Attempt, name: str, process: RunningRun, log_path: Path
    ) -> ActiveRun:
        dat_path = self._folder / f"{name}{paths.DAT_SUFFIX}"
        monitor = RunMonitor(dat_path, self._config, self._rules, attempt.index)
        run = ActiveRun(attempt, name, process, monitor, log_path)
        self._active[dat_path] = run
        return run

    def _close_run(self, run: ActiveRun, exit_code: int | None) -> None:
        self._active.pop(run.monitor.dat_path)
        if not self._folder.is_dir():
            run.monitor.follow_to(self._journal.folder)
        run.monitor.read_all()
        state = run_state(run, exit_code)
        if state == "finished":
            self._rules.complete(run.attempt.index)
        by_hand = self.record.runs[run.attempt.index].stopped_by_hand
        lines = [] if state in RESULTS_THAT_COUNT else last_lines(run.log_path, ERROR_LINES)
        ended_at = run.ended_at or time.time()
        self._record(
            "ended",
            time=round(ended_at, 6),
            index=run.attempt.index,
            state=state,
            exit_code=exit_code,
            duration_s=round(ended_at - run.process.started_at, 6),
            **run.monitor.summary(),
            reason=run_reason(run, state, exit_code, lines, self._stop_reason, by_hand),
            output_tail=lines[-TAIL_LINES:],
            **self._fate(run.attempt, state),
        )
        self._lookout.tell_notes(run)
        if state in RESULTS_THAT_COUNT:  # others may not have come so far
            self._lookout.warn_if_silent(run)
        self._see_best(run)
        if run.stopping == "by hand":
            return  # says nothing of the sweep's other runs
        if state == "lost" or (state == "killed" and run.is_leftover):
            self._waiting.add(run.attempt.again())
        else:
            self._after_end(run.attempt, state)

    def _after_end(self, attempt: Attempt, state: RunState) -> None:
        """What a run's end means for the sweep."""
        if self._will_retry(attempt, state):
            self._retry(attempt)
            return
        self._stop_if_first_runs_fail()
        self._complete(self._limits.see_end(attempt.index))

    def _will_retry(self, attempt: Attempt, state: RunState) -> bool:
        is_left = attempt.number <= self._config.retries
        return state == "failed" and is_left and self._stop_reason is None

    def _fate(self, attempt: Attempt, state: RunState) -> dict[str, bool]:
        return {"will_retry": True} if self._will_retry(attempt, state) else {}

    def _retry(self, attempt: Attempt) -> None:
        delay_s = backoff_s(self._config.retry_backoff_s, attempt.number)
        again = attempt.again()
        self._waiting.add(again, anyio.current_time() + delay_s)
        self._record("retrying", index=attempt.index, attempt=again.number, delay_s=delay_s)

    def _see_best(self, run: ActiveRun) -> None:
        best = run.monitor.best
        self._complete(self._limits.see_best(run.attempt.index, best.value, best.step))

    def _record_unstarted(self, attempt: Attempt, error: OSError) -> None:
        self._record(
            "ended",
            index=attempt.index,
            state="failed",
            reason=f"could not be started: {error}",
            duration_s=0.0,
            output_tail=[str(error)],
            **self._fate(attempt, "failed"),
        )
        self._after_end(attempt, "failed")

    def stop_early(self, run: ActiveRun, decision: StopDecision) -> None:
        self._stop(run, decision)

    def see_improvement(self, run: ActiveRun) -> None:
        self._see_best(run)
        self._notify({"event": "improved", "index": run.attempt.index, **run.monitor.summary()})

    def take_in_requests(self) -> None:
        self._control.take_in()

    def look_after_itself(self) -> None:
        """Write what could not be written, say that it is alive, see whether it can go on."""
        self._journal.flush()
        self._journal.beat()
        if not self._folder.is_dir():
            self._start_no_more(str(trouble_with(self._folder)))

    def _record_earlier(self) -> None:
        for sweep in self._earlier:
            for fields in sweep.as_events():
                self._record("known", **fields)
            if sweep.n_left_out:
                message = (
                    f"warm_start: {sweep.n_left_out} runs of {sweep.folder.name} are left out: "
                    "they have no place in this search space"
                )
                self._record("warning", message=message)

    def warn_of_shortage(self, shortage: str) -> None:
        self.warn_once("room", f"{shortage}; runs wait until there is room")

    def warn_once(self, kind: str, message: str) -> None:
        if kind not in self._has_warned:
            self._has_warned.add(kind)
            self._record("warning", kind=kind, message=message)

    def take_back(self, kind: str, message: str) -> None:
        if kind in self.record.open_warnings:
            self._record("warning_over", kind=kind, message=message)

    def _stop_if_first_runs_fail(self) -> None:
        runs = self.record.runs.values()
        # one more than asked for is enough to know, however long the sweep has gone on
        ended = list(islice((run for run in runs if run.has_ended), FIRST_FAILURES + 1))
        if (
            self._stop_reason is None
            and len(ended) == FIRST_FAILURES
            and all(run.state == "failed" and _duration_s(run) < FAILS_WITHIN_S for run in ended)
            and not any(run.monitor.has_logged for run in self._active.values())
        ):
            self._stop_all(f"the first {len(ended)} runs all failed within seconds")

    def _outcome(self) -> SweepEnd:
        if self._is_interrupted:
            return "killed"
        did_any_succeed = any(run.state in RESULTS_THAT_COUNT for run in self.record.runs.values())
        if self._is_complete:
            return "finished"
        return "finished" if did_any_succeed and self._stop_reason is None else "failed"

    def _record(self, event: str, **fields: Any) -> None:
        record = self._journal.append(event, **fields)
        self.record.apply(record)
        if event == "ended":
            self._draws.note_change()
        self._notify(record)


def _duration_s(run: RunRecord) -> float:
    return (run.ended_at or 0.0) - (run.started_at or 0.0)


def _who() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "process_identity": process_identity(os.getpid()),
        "host": platform.node(),
    }
