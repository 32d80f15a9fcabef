"""The catalog of a log folder, shared by pages, API and feed: one thread at a time."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from ml_tracking_ops.logger.system_metrics.sampler import system_path
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.endings import EndingsInCache
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..serving.limits import DEFAULTS

T = TypeVar("T")
_SYSTEM = ".system"


class SharedCatalog:
    """Runs functions that read the catalog, each in a worker thread and alone.

    Reading folders blocks, and a refresh changes what others may be reading: so neither
    happens in the event loop, nor two at once.
    """

    def __init__(
        self,
        logdir: Path,
        fresh_s: float = DEFAULTS.fresh_s,
        cache: CacheFolder | None = None,
    ) -> None:
        self._fresh_s = fresh_s
        self.logdir = logdir
        self._endings = EndingsInCache(logdir, cache)
        self._endings.load()
        with _without_collecting():
            self._catalog = Catalog(logdir)
        gc.freeze()  # a hundred thousand runs are not searched for cycles repeatedly
        self._lock = anyio.Lock()
        self._refreshed_at = float("-inf")

    async def use(self, function: Callable[[Catalog], T], *, refresh: bool | None = None) -> T:
        """Run ``function(catalog)`` in a worker thread and return its result.

        Args:
            refresh: look at the folder first. `None` means unless that was done a moment ago.
        """
        async with self._lock:
            return await anyio.to_thread.run_sync(partial(self._run, function, refresh))

    async def save_endings(self) -> None:
        """Keep the endings of logs for later servers, if many are new."""
        await anyio.to_thread.run_sync(self._endings.save)

    def _run(self, function: Callable[[Catalog], T], refresh: bool | None) -> T:
        is_fresh = time.monotonic() - self._refreshed_at < self._fresh_s
        if refresh or (refresh is None and not is_fresh):
            with _without_collecting():
                self._catalog.refresh()
            self._refreshed_at = time.monotonic()
        with _without_collecting():
            return function(self._catalog)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Switch the collector off: a look makes very many objects and hardly any garbage.

    Collecting takes a third as long."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run. `dat_path` is None if it has no log yet.

    Its properties look at the disk and at the catalog: use them in functions that have the catalog.
    """

    run_id: str
    dat_path: Path | None
    _item: Experiment | tuple[Sweep, RunRecord] | None = None

    @property
    def log_path(self) -> Path | None:
        """The file with its output, or None if it has none."""
        if isinstance(self._item, tuple):
            sweep, run = self._item
            return sweep.log_path(run)
        return None if self._item is None else self._item.log_path

    @property
    def folder(self) -> Path | None:
        """The folder for its own files, or None if it cannot have one. It need not exist."""
        if isinstance(self._item, tuple):
            sweep, run = self._item
            return sweep.run_folder(run)
        return None if self._item is None else self._item.run_folder


def find_run(catalog: Catalog, run_id: str) -> RunFiles | None:
    """Return the files of a run by its id. Only runs of the catalog can be found."""
    experiment = catalog.experiments.get(run_id)
    if experiment is not None:
        return RunFiles(run_id, experiment.dat_path, experiment)
    sweep_id, _, name = run_id.rpartition("/")
    sweep = catalog.sweeps.get(sweep_id)
    run = sweep.run(name) if sweep is not None else None
    if sweep is None or run is None:
        return _find_system_log(catalog, run_id)
    return RunFiles(run_id, sweep.dat_path(run), (sweep, run))


def system_id(run_id: str, dat_path: Path | None) -> str | None:
    """Return the id of a run's system metrics in the charts, or None if it has none."""
    if dat_path is None or not Path(system_path(str(dat_path))).is_file():
        return None
    return f"{run_id}{_SYSTEM}"


def _find_system_log(catalog: Catalog, run_id: str) -> RunFiles | None:
    """Return the log of system metrics beside a run's, by an id from `system_id`."""
    own = find_run(catalog, run_id.removesuffix(_SYSTEM)) if run_id.endswith(_SYSTEM) else None
    if own is None or own.dat_path is None:
        return None
    return RunFiles(run_id, Path(system_path(str(own.dat_path))))


def find_runs(catalog: Catalog, run_ids: tuple[str, ...]) -> list[RunFiles]:
    """Return the files of the known runs, in the given order."""
    found = (find_run(catalog, run_id) for run_id in run_ids)
    return [files for files in found if files is not None]


def find_sweep(catalog: Catalog, sweep_id: str) -> Sweep | None:
    return catalog.sweeps.get(sweep_id)
