"""A sweep from beginning to end: the Python interface of `ml-tracking-ops sweep`."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.from_thread
import anyio.lowlevel

from ml_tracking_ops.logger import paths

from .config.loading import load_config
from .config.model import SweepConfig
from .config.validation import LoadedConfig, validate_config
from .errors import SweepError, UsageError
from .executors.base import GRACE_S
from .executors.local.systems import refuse_windows
from .executors.registry import make_executor
from .running.code_state import keep_code_state
from .running.description import sweep_description, write_description
from .running.runs.open_files import check_sweep_can_open_files
from .running.scheduler import Scheduler
from .running.sweep_result import SweepResult
from .search.proposals import Proposer, picked_before
from .search.samplers import new_seed
from .steering.requests import workers_problem
from .store.files.disk import is_passing
from .store.journal import Event, Journal
from .store.sweep_record import SweepRecord

if TYPE_CHECKING:
    from .functions.naming import NamedFunction
    from .running.begun_sweep import BegunSweep
    from .search.warm_start.earlier_sweep import EarlierSweep

_WRITE_AGAIN_S = 0.5


class OpenSweep:
    """A sweep whose folder has been made, ready to run.

    Args:
        loaded: the configuration.
        logdir: the sweep's folder is created in it. It is created too if missing.
        n_workers: how many runs at once, by default one for each GPU, else each usable CPU.
        seed: overrides the configuration's. Drawn if neither is set.
        notify: receives each event of the journal, and also `improved` and `trouble`.
        grace_s: seconds between SIGTERM and SIGKILL. Overrides the configuration's.

    Raises:
        SweepError: the folder cannot be made or written.
        UsageError: the sampler needs a library that is not installed.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        logdir: Path,
        *,
        n_workers: int | None = None,
        seed: int | None = None,
        notify: Callable[[Event], None] = lambda event: None,
        grace_s: float | None = None,
        begun: "BegunSweep | None" = None,
    ) -> None:
        refuse_windows()
        check_sweep_can_open_files()
        self.seed = choose_seed(seed, loaded)
        self._begun = begun
        self._notify = notify
        config = self._config = loaded.config
        needs = config if grace_s is None else config.model_copy(update={"grace_s": grace_s})
        executor = self._executor = make_executor(
            config.executor, n_workers, needs, loaded.folder, logdir
        )
        picked = picked_before(begun.record) if begun else None
        n_workers = len(executor.slots)
        proposer = Proposer(loaded.search_plan, self.seed, n_workers, picked)
        earlier = [] if begun else _read_earlier(loaded, proposer)
        self.n_workers = n_workers
        self._space = proposer.space
        past = begun.record.runs.values() if begun else ()
        most = proposer.most_runs + config.most_runs - config.max_runs
        self.most_runs = max(most, sum(run.has_ended for run in past))
        try:
            self.folder, self._journal = (
                (begun.folder, begun.journal) if begun else self._create(loaded, logdir)
            )
        except OSError as error:
            raise SweepError(f"cannot write the sweep's folder in {logdir}: {error}") from error
        self._scheduler = Scheduler(
            loaded,
            proposer,
            executor,
            self.folder,
            self._journal,
            notify,
            _first_given(grace_s, config.grace_s, GRACE_S),
            begun.record if begun else None,
            earlier,
        )

    @classmethod
    def resume(
        cls,
        path: str,
        logdir: Path,
        *,
        n_workers: int | None = None,
        max_runs: int | None = None,
        notify: Callable[[Event], None] = lambda event: None,
        grace_s: float | None = None,
    ) -> "OpenSweep":
        """Return a sweep that was begun before, ready to continue.

        Args:
            path: its folder, or its name in `logdir`.
            n_workers: how many runs at once, by default as many as at its beginning.
            max_runs: by default the configuration's current value.

        Raises:
            TrackingError: as `open_begun_sweep`.
        """
        from .running.begun_sweep import open_begun_sweep

        refuse_windows()
        check_sweep_can_open_files()
        begun = open_begun_sweep(path, logdir, max_runs, _report_trouble(notify))
        return cls(
            begun.loaded,
            begun.folder.parent,
            n_workers=n_workers or begun.n_workers,
            seed=begun.seed,
            notify=notify,
            grace_s=grace_s,
            begun=begun,
        )

    def _create(self, loaded: LoadedConfig, logdir: Path) -> tuple[Path, Journal]:
        folder = Path(paths.create_unique_folder(str(logdir.resolve()), paths.timestamp()))
        write_description(folder, sweep_description(loaded, self.seed, self.n_workers, folder))
        keep_code_state(loaded.folder, folder)
        return folder, Journal(folder / paths.JOURNAL_NAME, _report_trouble(self._notify))

    @property
    def record(self) -> SweepRecord:
        """What has happened so far."""
        return self._scheduler.record

    @property
    def config(self) -> SweepConfig:
        return self._config

    async def run(self) -> SweepResult:
        """Run it to its end."""
        try:
            if self._begun is not None:
                self._catch_up(self._begun)
            async with self._executor:
                record = await self._scheduler.run()
                await self._write_what_was_kept_back()
        finally:
            self._journal.close()
        return SweepResult(self.folder, self.seed, record, self._space)

    async def _write_what_was_kept_back(self) -> None:
        """Stay until all of the journal is written, or the user gives up waiting for room."""
        while (trouble := self._journal.trouble) is not None and is_passing(trouble):
            if self._scheduler.is_interrupted:
                return
            await anyio.sleep(_WRITE_AGAIN_S)
            self._journal.flush()

    def _catch_up(self, begun: "BegunSweep") -> None:
        """Write what an earlier orchestrator could not, and report it to the user."""
        for event in begun.missed:
            self._journal.append(**event)
        for message in begun.warnings:
            event = self._journal.append("warning", message=message)
            begun.record.apply(event)
            self._notify(event)

    def interrupt(self, reason: str) -> None:
        """End in order: start nothing more, stop every run, record it."""
        self._scheduler.interrupt(reason)

    def kill(self) -> None:
        """End every run at once."""
        self._scheduler.kill()


def _read_earlier(loaded: LoadedConfig, proposer: Proposer) -> "list[EarlierSweep]":
    """Read the sweeps that a new one starts from."""
    if not loaded.config.warm_start:
        return []
    from .search.warm_start.reading import read_earlier

    given = loaded.config.warm_start
    aims = loaded.config.aims
    return [read_earlier(one, loaded.folder, proposer.space, aims) for one in given]


def _report_trouble(notify: Callable[[Event], None]) -> Callable[[str], None]:
    return lambda message: notify({"event": "trouble", "message": message})


def _first_given(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def choose_seed(given: int | None, loaded: LoadedConfig) -> int:
    """Return the given seed, else the configuration's, else a new one."""
    if given is not None:
        return given
    return new_seed() if loaded.config.seed is None else loaded.config.seed


def run_sweep(
    config: str | Path | Mapping[str, Any] | Callable[..., Any] = paths.CONFIG_NAME,
    *,
    logdir: str | Path = "runs",
    workers: int | None = None,
    seed: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    grace_s: float | None = None,
    **settings: Any,
) -> SweepResult:
    """Run a sweep and return its result, as `ml-tracking-ops sweep` does.

    Works in a notebook too, where an event loop is already running. KeyboardInterrupt ends
    the sweep in order and is then raised again.

    Args:
        config: the path of an `experiment_cfg.json`, or its content as a mapping. The script is
            then looked for in the current folder. Or a function, which each run calls in a process
            of its own.
        logdir: where the sweep's folder is made.
        workers: how many runs at once, by default one for each GPU, else each usable CPU.
        seed: determines every combination. Overrides the configuration's.
        on_event: called with each event of the journal as it happens.
        grace_s: seconds that a stopped run has to end by itself. Overrides the configuration's,
            which is 10 by default.
        settings: for a sweep of a function: the keys of the configuration.

    Raises:
        ConfigError: the configuration has mistakes. All of them are named.
        UsageError: an argument is out of range.
        SweepError: the sweep's folder cannot be written.
    """
    _check_workers(workers)
    loaded, function = _load(config, settings)

    def open_sweep() -> OpenSweep:
        sweep = OpenSweep(
            loaded,
            Path(logdir).expanduser(),
            n_workers=workers,
            seed=seed,
            notify=on_event or (lambda event: None),
            grace_s=grace_s,
        )
        if function is not None:
            from .functions.loading import keep_function

            keep_function(function, sweep.folder)
        return sweep

    return _run_in_thread(open_sweep)


def _load(
    config: str | Path | Mapping[str, Any] | Callable[..., Any], settings: Mapping[str, Any]
) -> "tuple[LoadedConfig, NamedFunction | None]":
    """Load the configuration passed to `run_sweep`, and return the function if it is one."""
    if callable(config):
        from .functions.loading import load_function

        return load_function(config, settings)
    if settings:
        raise UsageError(f"{', '.join(settings)}: must be in the configuration")
    if isinstance(config, Mapping):
        return validate_config(config, Path.cwd()), None
    return load_config(Path(config)), None


def resume(
    sweep: str | Path,
    *,
    logdir: str | Path = "runs",
    workers: int | None = None,
    max_runs: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    grace_s: float | None = None,
) -> SweepResult:
    """Continue a sweep that was interrupted, or give a sweep more runs.

    Runs that ended are kept. Those that were interrupted run again, as a new attempt with the same
    hyperparameters. Those that outlived their orchestrator are watched to their end.

    Args:
        sweep: its folder, or its name in `logdir`.
        workers: how many runs at once, by default as many as at its beginning.
        max_runs: by default the current value in the sweep's configuration file.
        on_event, grace_s: as in `run_sweep`.

    Raises:
        UsageError: there is no such sweep, or an argument is out of range.
        SweepHeldError: another orchestrator is at work on it.
        SweepError: it cannot be written.
    """
    _check_workers(workers)
    if max_runs is not None and max_runs < 1:
        raise UsageError(f"max_runs must be 1 or more, got {max_runs}")
    open_sweep = partial(
        OpenSweep.resume,
        str(sweep),
        Path(logdir).expanduser(),
        n_workers=workers,
        max_runs=max_runs,
        notify=on_event or (lambda event: None),
        grace_s=grace_s,
    )
    return _run_in_thread(open_sweep)


def _check_workers(workers: int | None) -> None:
    if workers is not None and (problem := workers_problem(workers)) is not None:
        raise UsageError(problem)


def _run_in_thread(open_sweep: Callable[[], OpenSweep]) -> SweepResult:
    """Run a sweep in an event loop of its own, and stop it in order on KeyboardInterrupt."""
    sweep = open_sweep()
    outcome: list[SweepResult | BaseException] = []
    token: list[Any] = []

    async def run() -> SweepResult:
        token.append(anyio.lowlevel.current_token())
        return await sweep.run()

    def work() -> None:
        try:
            outcome.append(anyio.run(run))
        except BaseException as error:  # noqa: BLE001  (raised again in the caller's thread)
            outcome.append(error)

    thread = threading.Thread(target=work, name="sweep", daemon=False)
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        anyio.from_thread.run_sync(sweep.interrupt, "interrupted (Ctrl-C)", token=token[0])
        thread.join()
        raise
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result
