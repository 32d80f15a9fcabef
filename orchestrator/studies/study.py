"""A study: a program asks for one run after the other, and reports the result of each."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, get_args

from ml_tracking_ops.logger import paths

from ..errors import UsageError
from ..running.begun_sweep import open_begun_sweep
from ..running.resumption import attempts_left, replay_ended_runs
from ..running.runs.attempts import Attempt
from ..running.runs.limits import SweepLimits, build_rules, curve_for
from ..running.sweep_result import SweepResult
from ..search.proposals import Proposer, picked_before
from ..search.warm_start.reading import read_earlier
from ..stopping import StopDecision
from ..store.journal import Journal
from ..store.run_record import RunRecord
from ..store.run_states import SweepEnd
from ..store.sweep_record import SweepRecord
from ..sweep import choose_seed
from .recorder import StudyRecorder
from .requests import StudyRequests
from .run import StudyRun
from .settings import load_study, new_study_folder

if TYPE_CHECKING:
    import optuna

    from ..config.validation import LoadedConfig

_LOOK_AGAIN_S = 0.3
_LONGEST_REASON = 300


class Study:
    """A sweep whose runs your program trains, in its own loop.

    It writes what a sweep writes, so the pages, `show` and `export` work as for any other. Any
    number of runs may be open at once. One process, with any threads, holds a study at a time::

        study = Study(
            hyperparameters={"lr": {"type": "loguniform", "min": 1e-5, "max": 0.1}},
            max_runs=50, sampler="tpe", optimization_metric="loss", optimization_goal="min",
        )
        while (run := study.ask()) is not None:
            for epoch in range(10):
                run.report(train(**run.hyperparameters), epoch)
                if run.should_stop():
                    break
            study.tell(run)

    Args:
        logdir: the study's folder is made in it.
        seed: determines every combination, drawn if not given.
        workers: how many runs your program has at once, for the sampler `auto`.
        settings: the keys of a configuration for the search and for stopping runs.

    Raises:
        ConfigError: a setting is wrong. All mistakes are named.
        UsageError: a setting belongs to sweeps that start their runs, or a library is missing.
        SweepError: the folder cannot be written.
    """

    def __init__(
        self,
        *,
        logdir: str | Path = "runs",
        seed: int | None = None,
        workers: int = 1,
        **settings: Any,
    ) -> None:
        loaded = load_study(settings)
        seed = choose_seed(seed, loaded)
        proposer = Proposer(loaded.config.search_plan, seed, workers)
        earlier = [
            read_earlier(one, loaded.folder, proposer.space, loaded.config.aims)
            for one in loaded.config.warm_start
        ]
        folder, journal = new_study_folder(loaded, seed, workers, Path(logdir), _warn)
        record = SweepRecord(goal=loaded.config.optimization_goal, aims=loaded.config.aims)
        self._open(loaded, seed, workers, folder, journal, record, proposer)
        for sweep in earlier:
            for fields in sweep.as_events():
                self._recorder.write("known", **fields)
            for text in sweep.warnings:
                self._recorder.write("warning", message=text)

    @classmethod
    def resume(
        cls,
        study: str | Path,
        *,
        logdir: str | Path = "runs",
        max_runs: int | None = None,
        workers: int = 1,
    ) -> Self:
        """Continue a study: runs that no program has ended are handed out again first.

        Args:
            study: its folder, or its name in `logdir`.
            max_runs: how many runs at most from now on, by default as before.

        Raises:
            UsageError: there is no such study.
            SweepHeldError: another process holds it.
            SweepError: it cannot be written.
        """
        begun = open_begun_sweep(
            str(study), Path(logdir).expanduser(), max_runs, _warn, is_study=True
        )
        self = cls.__new__(cls)
        picked = picked_before(begun.record)
        proposer = Proposer(begun.loaded.config.search_plan, begun.seed, workers, picked)
        self._open(
            begun.loaded, begun.seed, workers, begun.folder, begun.journal, begun.record, proposer
        )
        self._take_over()
        return self

    def _open(
        self,
        loaded: "LoadedConfig",
        seed: int,
        workers: int,
        folder: Path,
        journal: Journal,
        record: SweepRecord,
        proposer: Proposer,
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.record = record
        self._config = loaded.config
        self._recorder = StudyRecorder(journal, record)
        self._proposer = proposer
        self._rules = build_rules(loaded.config)
        self._limits = SweepLimits(loaded.config)
        self._open_runs: dict[int, StudyRun] = {}
        self._left: list[Attempt] = []
        self._over: str | None = None
        self._is_closed = False
        self.lock = threading.RLock()
        self._requests = StudyRequests(folder)
        self._began_at = time.monotonic()
        self._is_stopped_by_hand = False
        self._recorder.write_start(folder, loaded.config, workers)
        self._recorder.write_sampler(proposer)

    def _take_over(self) -> None:
        """Take over what an earlier program left open."""
        self._recorder.write_lost_runs()
        decision = replay_ended_runs(self.folder, self.record, self._rules, self._limits)
        self._left = attempts_left(self.record, self._config.max_runs)
        self._look_at_requests(is_start=True)
        self._end_by(decision)

    def ask(self) -> StudyRun | None:
        """Return the next run, or None if the study is over. Waits while a user has paused it.

        Raises:
            UsageError: what comes next depends on a run that is still open (`repeats`).
        """
        while self._is_paused():
            time.sleep(_LOOK_AGAIN_S)
        with self.lock:
            if self._over is not None:
                return None
            attempt = self._left.pop(0) if self._left else self._new_attempt()
            return None if attempt is None else self._start(attempt)

    def _is_paused(self) -> bool:
        with self.lock:
            self._check_open()
            self._recorder.beat()
            self._look_at_requests()
            return self._over is None and self.record.is_paused

    def _new_attempt(self) -> Attempt | None:
        index = len(self.record.runs) + 1
        if index > self._config.max_runs:
            return None
        proposal = self._proposer.propose(index, tuple(self.record.history))
        if proposal == "wait":
            raise UsageError(
                "the next run depends on the end of an open one: call tell for it first"
            )
        if proposal is None:
            self._over = self._proposer.why_exhausted or "there are no more combinations"
            return None
        self._recorder.write_sample(index, proposal)
        return Attempt(index, proposal.hyperparameters)

    def _start(self, attempt: Attempt) -> StudyRun:
        name = paths.run_stem(attempt.index, attempt.number)
        taken = {run.slot for run in self._open_runs.values()}
        slot = next(n for n in range(len(taken) + 1) if n not in taken)
        self._rules.forget(attempt.index)
        run = StudyRun(
            self,
            attempt.index,
            attempt.number,
            attempt.hyperparameters,
            self.folder / f"{name}{paths.DAT_SUFFIX}",
            self._config.optimization_metric,
            self._config.optimization_goal,
            self._config.aims,
            self._rules,
            slot,
            curve_for(self._config),
        )
        self._open_runs[run.index] = run
        self._recorder.write_run_start(run, name)
        return run

    def tell(
        self,
        run: StudyRun | int,
        value: float | Mapping[str, float] | None = None,
        *,
        state: SweepEnd = "finished",
        reason: str | None = None,
    ) -> None:
        """Record that a run has ended.

        Args:
            run: the run from `ask`, or its index.
            value: of the optimization metric, if it was not reported, or several, by metric.
            state: `failed` if these hyperparameters do not work, `killed` if it has nothing to do
                with them.
            reason: why, in words.

        Raises:
            ValueError: there is no such run, it is over, there is no such state, or `value` lacks a
                metric that the study optimises.
        """
        _check_state(state)
        with self.lock:
            self._check_open()
            one = run if isinstance(run, StudyRun) else self._open_runs.get(run)
            if one is None or self._open_runs.get(one.index) is not one:
                raise ValueError(
                    f"{run} is not open: its result has been reported, or it was never given out"
                )
            if value is not None:
                if state == "finished":
                    one.check_final(value)
                one.report_last(value)
            self._end(one, state, reason)

    def _end(self, run: StudyRun, state: str, reason: str | None) -> None:
        del self._open_runs[run.index]
        if state == "finished" and run.stopped_by_hand is not None:
            state, reason = "killed", run.stopped_by_hand
        elif state == "finished" and run.stopped_by is not None:
            state, reason = "early_stopped", run.stopped_by.reason
        run.close(has_failed=state == "failed")
        if state == "finished":
            self._rules.complete(run.index)
        self._recorder.write_run_end(run, state, reason, self._config)
        self._end_by(self._limits.see_best(run.index, run.best.value, run.best.step))
        self._end_by(self._limits.see_end(run.index))

    def follow(self, run: StudyRun) -> None:
        """Take in what a run has logged, and the requests of users."""
        with self.lock:
            self._recorder.beat()
            if run.stopped_by is not None and self.record.runs[run.index].stopped_by is None:
                self._recorder.write("stopped_early", index=run.index, **run.stopped_by.as_event())
            self._end_by(self._limits.see_best(run.index, run.best.value, run.best.step))
            self._look_at_requests()

    def _look_at_requests(self, *, is_start: bool = False) -> None:
        hours = self._config.max_hours
        if hours is not None and time.monotonic() - self._began_at > hours * 3600:
            self._over = self._over or f"the study has run for max_hours = {hours:g}"
        for event in self._requests.take_in(self.record, is_start=is_start):
            self._recorder.write("requested", **event)
            if event["outcome"] != "done":
                continue
            if event["action"] == "stop":
                self._stop_by_hand(event.get("index"), event["reason"])
            elif event["action"] == "requeue":
                run = self.record.runs[event["index"]]
                self._left.append(
                    Attempt(run.index, run.hyperparameters, run.attempt, run.n_failed)
                )

    def _stop_by_hand(self, index: int | None, reason: str) -> None:
        for run in self._open_runs.values():
            if index in (None, run.index):
                run.stopped_by_hand = reason
        if index is None:
            self._over, self._is_stopped_by_hand = reason, True

    def _end_by(self, decision: StopDecision | None) -> None:
        """Start no more runs, and stop the open ones if the settings require it."""
        if decision is None or self._over is not None:
            return
        self._over = decision.reason
        self._recorder.write("stopping", **decision.as_event())
        if decision.rule != "target" or self._config.stop_at_target:
            for run in self._open_runs.values():
                run.stopped_by = run.stopped_by or decision.for_runs()

    def close(self) -> None:
        """End the study. It can be resumed: open runs are then handed out again."""
        self._close("killed" if self._is_stopped_by_hand else "finished")

    def _close(self, state: SweepEnd, why: str | None = None) -> None:
        """End the study. `why` says which error of the program ended it."""
        with self.lock:
            if self._is_closed:
                return
            for run in list(self._open_runs.values()):
                closed = "the study was closed before its result was reported"
                self._end(run, "killed", why or closed)
            self._is_closed = True
            self._recorder.write("sweep_ended", state=state, reason=why or self._over)
            self._recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.close()
        else:
            self._close("failed" if isinstance(error, Exception) else "killed", _why_ended(error))

    @property
    def runs(self) -> list[RunRecord]:
        """The runs so far, in the order of their index."""
        return self.result.runs

    @property
    def best(self) -> RunRecord | None:
        """The run with the best value so far."""
        return self.record.best

    @property
    def result(self) -> SweepResult:
        """The result of the study so far, as for a sweep."""
        return SweepResult(self.folder, self.seed, self.record, self._proposer.space)

    def to_optuna(self) -> "optuna.Study":
        """Return the runs that have ended as an Optuna study in memory."""
        return self.result.to_optuna()

    def _check_open(self) -> None:
        if self._is_closed:
            raise UsageError("the study is closed: Study.resume() opens it again")


def _check_state(state: object) -> None:
    """Check the state that a program reports.

    Raises:
        ValueError: a run cannot end in it.
    """
    *others, last = map(repr, get_args(SweepEnd))
    if state not in get_args(SweepEnd):
        raise ValueError(
            f"tell(state={state!r}): there is no such state. Use {', '.join(others)} or {last}. "
            "The run is still open"
        )


def _why_ended(error: BaseException) -> str:
    """Return the reason of a study that an error of its program has ended, in one line."""
    text = " ".join(str(error).split())[:_LONGEST_REASON]
    return f"the program ended with {type(error).__name__}{f': {text}' if text else ''}"


def _warn(message: str) -> None:
    import warnings

    warnings.warn(message, RuntimeWarning, stacklevel=3)
