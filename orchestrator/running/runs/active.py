"""The runs that engines currently have, and stopping them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio.abc

from ...executors.base import RunHandle
from ...stopping import StopDecision
from ...stopping.promotion import PauseDecision
from .attempts import Attempt
from .monitor import RunMonitor
from .recorder import Recorder

Why = StopDecision | Literal["interrupted", "timeout", "by hand"]
"""Why a run is being stopped: a rule, the end of the sweep, its time limit, or a user."""


@dataclass(eq=False)
class ActiveRun:
    """A run that an engine has, or is just receiving.

    Attributes:
        handle: None until the engine has accepted the run.
        stopping: why it is being stopped, if it is.
    """

    attempt: Attempt
    name: str
    handle: RunHandle | None
    monitor: RunMonitor
    log_path: Path
    gpus: tuple[str, ...] = ()
    stopping: Why | None = None
    is_leftover: bool = False
    """Whether it had ended before this orchestrator started."""
    is_over: bool = False
    """Whether no process of it remains. Its last values may not have been read."""
    is_to_be_killed: bool = False
    is_start_recorded: bool = False
    slot: int | None = None
    ended_at: float | None = None

    @property
    def started_at(self) -> float | None:
        """When its process started, or None while it has none."""
        start = None if self.handle is None else self.handle.start
        return None if start is None else start.at


class ActiveRuns:
    """The runs that are running, by their `.dat`.

    Args:
        grace_s: seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, recorder: Recorder, grace_s: float) -> None:
        self._recorder = recorder
        self._grace_s = grace_s
        self._runs: dict[Path, ActiveRun] = {}
        self._tasks: anyio.abc.TaskGroup | None = None

    def begin(self, tasks: anyio.abc.TaskGroup) -> None:
        """Begin to stop runs, in tasks of this group."""
        self._tasks = tasks

    def __iter__(self) -> Iterator[ActiveRun]:
        """Iterate over those that are running now, even if some end meanwhile."""
        return iter(list(self._runs.values()))

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, run: object) -> bool:
        return isinstance(run, ActiveRun) and run.monitor.dat_path in self._runs

    def at(self, dat_path: Path) -> ActiveRun | None:
        """Return the run that logs to this file."""
        return self._runs.get(dat_path)

    def ran_for_s(self, run: ActiveRun) -> float:
        """Return how long its process has run, without the time in which its engine suspended
        it."""
        if run.started_at is None:
            return 0.0
        now, record = time.time(), self._recorder.record.runs.get(run.attempt.index)
        total_suspended_s = 0.0 if record is None else record.total_suspended_s(now)
        return now - run.started_at - total_suspended_s

    def add(self, run: ActiveRun) -> None:
        self._runs[run.monitor.dat_path] = run

    def remove(self, run: ActiveRun) -> None:
        del self._runs[run.monitor.dat_path]

    def stop(self, run: ActiveRun, why: Why) -> None:
        """Stop a run in order, once."""
        if run.is_over or run.stopping is not None or self._tasks is None:
            return
        self.stop_again(run, why)
        if run.is_start_recorded:
            self.record_decision(run)

    def record_decision(self, run: ActiveRun) -> None:
        """Record that a rule stops the run, if one does.

        A script may log the deciding value before its engine reports that it started. In the
        journal the start comes first, as it begins the record of the attempt.
        """
        if isinstance(run.stopping, StopDecision):
            event = "pausing" if isinstance(run.stopping, PauseDecision) else "stopped_early"
            self._recorder.write(event, index=run.attempt.index, **run.stopping.as_event())

    def stop_again(self, run: ActiveRun, why: Why) -> None:
        """Continue stopping a run, if an earlier orchestrator had begun to."""
        run.stopping = why
        if self._tasks is not None and run.handle is not None:
            self._tasks.start_soon(run.handle.stop, self._grace_s)

    def take(self, run: ActiveRun, handle: RunHandle) -> None:
        """Record that the engine has a run. Stop it if that was requested meanwhile."""
        run.handle = handle
        if run.is_to_be_killed:
            handle.kill()
        elif run.stopping is not None:
            self.stop_again(run, run.stopping)

    def stop_by_hand(self, index: int) -> None:
        """Stop the run of this index in order, if it is running."""
        for run in self:
            if run.attempt.index == index:
                self.stop(run, "by hand")

    def stop_all(self, why: Why) -> None:
        for run in self:
            self.stop(run, why)

    def kill(self) -> None:
        """End every run at once."""
        for run in (one for one in self if not one.is_over):
            run.stopping = run.stopping or "interrupted"
            run.is_to_be_killed = True
            if run.handle is not None:
                run.handle.kill()
