"""A sweep from beginning to end: what the command `ml-tracking-ops sweep` does, from Python."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel

from ml_tracking_ops.logger import paths

from .config import LoadedConfig, load_config, validate_config
from .description import describe_sweep, write_description
from .errors import SweepError, UsageError
from .executors.local import LocalExecutor
from .journal import Event, Journal, RunState, SweepState
from .samplers import new_seed
from .samplers.proposals import Proposer
from .scheduler import GRACE_S, Scheduler
from .warm_start import read_earlier_sweep


@dataclass(frozen=True)
class SweepResult:
    """What came of a sweep: its folder, its seed, and the state of each run."""

    folder: Path
    seed: int
    state: SweepState

    @property
    def status(self) -> str:
        return self.state.status

    @property
    def runs(self) -> list[RunState]:
        """The runs, in the order of their index."""
        return [self.state.runs[index] for index in sorted(self.state.runs)]

    @property
    def best(self) -> RunState | None:
        """The run with the best value of the optimisation metric."""
        return self.state.best


class Sweep:
    """A sweep whose folder has been made, ready to run.

    Args:
        loaded: the configuration.
        logdir: the sweep's folder is made in it, and it too where it does not exist.
        n_workers: how many runs at once; by default one for each GPU, else each usable CPU.
        seed: overrides the configuration's; drawn where neither gives one.
        notify: told each event of the journal, and `improved` and `trouble` besides.
        grace_s: seconds between SIGTERM and SIGKILL; overrides the configuration's.

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
    ) -> None:
        self.seed = choose_seed(seed, loaded)
        config = loaded.config
        proposer = Proposer(config, self.seed)
        executor = LocalExecutor(
            n_workers, gpus_per_run=config.gpus_per_run, runs_per_gpu=config.runs_per_gpu,
            min_free_gpu_memory_gb=config.min_free_gpu_memory_gb,
        )  # fmt: skip
        earlier = [
            read_earlier_sweep(loaded.folder / folder, proposer.space)
            for folder in config.warm_start
        ]
        self.n_workers = len(executor.slots)
        self.most_runs = proposer.most_runs
        try:
            self.folder = Path(paths.create_unique_folder(str(logdir.resolve()), paths.timestamp()))
            write_description(self.folder, describe_sweep(loaded, self.seed, self.n_workers))
            self._journal = Journal(
                self.folder / paths.JOURNAL_NAME,
                on_trouble=lambda message: notify({"event": "trouble", "message": message}),
            )
        except OSError as error:
            raise SweepError(f"cannot write the sweep's folder in {logdir}: {error}") from error
        self._scheduler = Scheduler(
            loaded, proposer, executor, self.folder, self._journal, notify,
            _first_given(grace_s, config.grace_s, GRACE_S), earlier,
        )  # fmt: skip

    async def run(self) -> SweepResult:
        """Run it to its end."""
        try:
            state = await self._scheduler.run()
        finally:
            self._journal.close()
        return SweepResult(self.folder, self.seed, state)

    def interrupt(self, reason: str) -> None:
        """End in order: start nothing more, stop every run, record it."""
        self._scheduler.interrupt(reason)

    def kill(self) -> None:
        """End every run at once."""
        self._scheduler.kill()


def _first_given(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def choose_seed(given: int | None, loaded: LoadedConfig) -> int:
    """The seed that was given, else the configuration's, else a new one."""
    if given is not None:
        return given
    return new_seed() if loaded.config.seed is None else loaded.config.seed


def run_sweep(
    config: str | Path | Mapping[str, Any] = paths.CONFIG_NAME,
    *,
    logdir: str | Path = "runs",
    workers: int | None = None,
    seed: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    grace_s: float | None = None,
) -> SweepResult:
    """Run a sweep and return what came of it, as `ml-tracking-ops sweep` does.

    Works in a notebook too, where an event loop is already running. KeyboardInterrupt ends
    the sweep in order and is then raised again.

    Args:
        config: the path of an `experiment_cfg.json`, or its content as a mapping; the script
            is then looked for in the current folder.
        logdir: where the sweep's folder is made.
        workers: how many runs at once; by default one for each GPU, else each usable CPU.
        seed: determines every combination; overrides the configuration's.
        on_event: called with each event of the journal as it happens.
        grace_s: seconds that a run is given to end by itself when it is stopped; overrides the
            configuration's, which is 10 by default.

    Raises:
        ConfigError: the configuration has mistakes; all of them are named.
        UsageError: an argument is out of range.
        SweepError: the sweep's folder cannot be written.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers must be 1 or more, got {workers}")
    loaded = (
        validate_config(config, Path.cwd())
        if isinstance(config, Mapping)
        else load_config(Path(config))
    )
    open_sweep = partial(
        Sweep, loaded, Path(logdir), n_workers=workers, seed=seed,
        notify=on_event or (lambda event: None), grace_s=grace_s,
    )  # fmt: skip
    return _run_in_thread(open_sweep)


def _run_in_thread(open_sweep: Callable[[], Sweep]) -> SweepResult:
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
