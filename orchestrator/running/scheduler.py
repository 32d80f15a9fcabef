"""A sweep from its first run to its last: the one task group that all of it works in."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from ml_tracking_ops.logger import os_files, paths

from ..config.validation import LoadedConfig
from ..executors.base import GRACE_S, Executor
from ..search.proposals import Proposer
from ..store.files.origins import origin_of_file
from ..store.journal import Journal
from ..store.sweep_record import SweepRecord
from ..supervision.process_table import process_identity
from .confirmation import Confirmation
from .control import SweepControl
from .lookout import Lookout
from .next_runs import NextRuns
from .pool import Pool
from .promotions import Promotions
from .resumption import attempts_left, find_survivors, replay_ended_runs, share_out
from .runs.active import ActiveRuns
from .runs.attempts import AttemptQueue
from .runs.limits import build_rules
from .runs.recorder import ChangeSignal, Notify, Recorder
from .runs.run_ends import RunEnds
from .runs.runner import Runner
from .runs.silence import SilenceWarnings
from .runs.starting.starter import RunStarter
from .runs.sweep_ending import SweepEnding
from .runs.system_metrics import SystemMetrics

if TYPE_CHECKING:
    from ..search.warm_start.earlier_sweep import EarlierSweep


class Scheduler:
    """Runs a sweep to its end in the given folder.

    It puts the parts of a sweep together and starts them. Each has one job of its own.

    Args:
        loaded: the configuration.
        proposer: proposes the hyperparameters of run 1, 2, ….
        executor: its number of slots is how many runs run at once.
        folder: the sweep's folder. It exists and holds the description.
        journal: records what happens. `notify` receives the same, after it is written.
        grace_s: seconds between SIGTERM and SIGKILL.
        begun: the record of a sweep that is resumed.
        earlier: sweeps to start from. The journal of a new sweep records them.
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
        earlier: "Sequence[EarlierSweep]" = (),
    ) -> None:
        config = self._config = loaded.config
        self._proposer = proposer
        self._executor, self._folder, self._earlier = executor, folder, earlier
        self.record = begun or SweepRecord(goal=config.optimization_goal, aims=config.aims)
        changes, waiting = ChangeSignal(), AttemptQueue()
        rules = self._rules = build_rules(config)
        recorder = self._recorder = Recorder(journal, self.record, notify, changes)
        active = self._active = ActiveRuns(recorder, grace_s)
        ending = self._ending = SweepEnding(config, recorder, active, changes)
        silence = SilenceWarnings(folder, recorder, active)
        ends = RunEnds(config, folder, recorder, active, ending, waiting, rules, silence)
        self._starter = RunStarter(
            loaded, folder, executor, recorder, active, ending, waiting, rules, ends
        )
        runner = Runner(self._starter, ends, active, config.timeout_s)
        self._waiting = waiting
        confirmation = Confirmation(config, recorder, active, waiting, ending)
        self._promotions = Promotions(rules, recorder)
        self._next_runs = NextRuns(proposer, config.max_runs, recorder, ending, confirmation)
        self._pool = Pool(
            config,
            executor,
            self._next_runs,
            self._promotions,
            waiting,
            runner,
            active,
            ending,
            recorder,
            changes,
        )
        self._control = SweepControl(folder, recorder, active, ending, self._pool, changes)
        is_urgent = bool(rules.metrics)
        self._lookout = Lookout(
            folder,
            recorder,
            active,
            ending,
            self._control,
            silence,
            is_urgent=is_urgent,
            are_files_known=loaded.config.metrics_from != "tensorboard",
        )

    async def run(self) -> SweepRecord:
        """Run every combination, and return what the journal now holds."""
        self._executor.report_to(self._recorder)
        await self._executor.end_strays(self._folder, self.record.runs.__contains__)
        n_workers, max_runs = len(self._executor.slots), self._config.max_runs
        self._recorder.write(
            "sweep_started", **_who(self._folder), n_workers=n_workers, max_runs=max_runs
        )
        self._record_pick()
        self._record_earlier()
        self._control.take_in(is_start=True)
        survivors = await find_survivors(self._executor, self._folder, self.record)
        for attempt in attempts_left(self.record, self._config.max_runs):
            self._waiting.add(attempt)
        self._promotions.restore()
        decision = replay_ended_runs(self._folder, self.record, self._rules, self._ending.limits)
        self._promotions.begin()
        try:
            async with anyio.create_task_group() as tasks:
                self._active.begin(tasks)
                async with anyio.create_task_group() as slots:
                    shares = share_out(survivors, self._pool.n_slots)
                    adopted = [[self._starter.adopt(one) for one in mine] for mine in shares]
                    self._pool.begin(slots, adopted)
                    self._ending.complete(decision)
                    tasks.start_soon(self._lookout.watch)
                    tasks.start_soon(self._lookout.look_anyway)
                    if self._config.system_metrics:
                        tasks.start_soon(SystemMetrics(self._active).watch)
                    if self._config.max_hours is not None:
                        tasks.start_soon(self._ending.end_after, self._config.max_hours)
                tasks.cancel_scope.cancel()
        finally:
            reason = self._ending.why_over or self._next_runs.why_exhausted
            self._recorder.write("sweep_ended", state=self._ending.outcome(), reason=reason)
        return self.record

    def _record_pick(self) -> None:
        """Record once which sampler `auto` picked, so that a resumed sweep uses it too."""
        pick = self._proposer.pick
        if pick is not None and self.record.picked is None:
            self._recorder.write("sampler_picked", sampler=pick.name, reason=pick.reason)

    def _record_earlier(self) -> None:
        for sweep in self._earlier:
            for fields in sweep.as_events():
                self._recorder.write("known", **fields)
            for text in sweep.warnings:
                self._recorder.warn(text)

    def interrupt(self, reason: str) -> None:
        """End the sweep in order: start nothing more, stop every run, record it."""
        self._ending.interrupt(reason)

    @property
    def is_interrupted(self) -> bool:
        return self._ending.is_interrupted

    def kill(self) -> None:
        """End every run at once."""
        self._active.kill()


def _who(folder: Path) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "process_identity": process_identity(os.getpid()),
        "host": os_files.host_name(),
        "file": origin_of_file(folder / paths.JOURNAL_NAME),
    }
