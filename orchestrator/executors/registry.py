"""Every engine by its name: those of this package, and those of installed packages.

An engine of this package is a folder beside this module and an entry in `EXECUTORS`. Any other
package adds one by an entry point of the group `ml_tracking_ops.executors`, whose name is the
engine's and whose object is an `ExecutorEntry`. An engine is imported when a sweep asks for it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, JsonValue

from ..errors import UsageError, did_you_mean
from ..store.files.run_refs import LOCAL
from .base import GRACE_S, Executor

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

GROUP = "ml_tracking_ops.executors"
EngineKeys = Mapping[str, JsonValue]


class RunRequirements(Protocol):
    """The requirements of runs in a configuration."""

    @property
    def gpus_per_run(self) -> int:
        """How many GPUs a run gets."""

    @property
    def runs_per_gpu(self) -> int:
        """How many runs share a GPU."""

    @property
    def min_free_gpu_memory_gb(self) -> float | None:
        """What each GPU of a run must have free before it starts."""

    @property
    def system_metrics(self) -> bool:
        """Whether CPU, memory and GPUs of runs are sampled."""

    @property
    def max_runs_on_machine(self) -> int | None:
        """How many runs of all sweeps may run on a machine."""

    @property
    def stop_signal(self) -> str:
        """The name of the signal that asks a run to end."""

    @property
    def grace_s(self) -> float | None:
        """How long a run, and what it left running, may take to end."""


@dataclass(frozen=True)
class ExecutorEntry:
    """An engine that a configuration can name.

    Attributes:
        make: returns the engine, not entered yet, from the keys beside `type`, the number of runs
            at once (None leaves it to the engine), and the requirements of runs. It may raise
            `UsageError`.
        problems: returns what is wrong with the keys beside `type`: each key with a sentence that
            begins after its name, as in "must be a whole number".
        ask: returns what the engine reports about a run without accepting it, or None, from the
            keys and the folder where runs start. It may raise `UsageError`.
        place: returns the keys with paths that are the same wherever they are read, from the keys,
            the folder where runs start and the log folder. It may raise `UsageError`.
        conflicts: returns what in the rest of a configuration the engine cannot do, from the keys
            and the configuration as given: each of its keys with a sentence.
    """

    make: Callable[[EngineKeys, int | None, RunRequirements], Executor]
    problems: Callable[[EngineKeys], Iterable[tuple[str, str]]]
    ask: Callable[[EngineKeys, Path], str | None] = lambda keys, folder: None
    place: Callable[[EngineKeys, Path, Path], EngineKeys] = lambda keys, folder, logdir: keys
    conflicts: Callable[[EngineKeys, Mapping[str, object]], Iterable[tuple[str, str]]] = (
        lambda keys, config: ()
    )


def _make_local(keys: EngineKeys, n_workers: int | None, needs: RunRequirements) -> Executor:
    from .local.executor import LocalExecutor

    return LocalExecutor(
        n_workers,
        gpus_per_run=needs.gpus_per_run,
        runs_per_gpu=needs.runs_per_gpu,
        min_free_gpu_memory_gb=needs.min_free_gpu_memory_gb,
        max_runs_on_machine=needs.max_runs_on_machine,
        stop_signal=needs.stop_signal,
        leftover_grace_s=GRACE_S if needs.grace_s is None else needs.grace_s,
    )


def _make_slurm(keys: EngineKeys, n_workers: int | None, needs: RunRequirements) -> Executor:
    from .slurm.client import refuse_without_slurm
    from .slurm.executor import SlurmExecutor
    from .slurm.settings import SlurmSettings

    settings = SlurmSettings.model_validate(dict(keys))
    n_jobs = n_workers or settings.max_jobs
    if n_jobs is None:
        raise UsageError(
            "set how many jobs can be submitted at once: max_jobs beside the type of the executor, "
            "or --workers"
        )
    refuse_without_slurm()
    return SlurmExecutor(
        settings,
        n_jobs,
        samples=needs.system_metrics,
        stop_signal=needs.stop_signal,
        grace_s=GRACE_S if needs.grace_s is None else needs.grace_s,
    )


def _ask_slurm(keys: EngineKeys, folder: Path) -> str | None:
    from .slurm.client import SlurmClient, SlurmError, explain_refusal, refuse_without_slurm
    from .slurm.settings import SlurmSettings

    refuse_without_slurm()
    options = SlurmSettings.model_validate(dict(keys)).options()
    try:
        return SlurmClient().test([f"--chdir={folder}", *options], "#!/bin/sh\ntrue\n")
    except SlurmError as error:
        raise UsageError(explain_refusal(error)) from error


def _make_ray(keys: EngineKeys, n_workers: int | None, needs: RunRequirements) -> Executor:
    from .ray.executor import RayExecutor
    from .ray.settings import RaySettings

    settings = RaySettings.model_validate(dict(keys))
    n_slots = n_workers or settings.max_jobs
    if n_slots is None:
        raise UsageError(
            "set how many runs can be on the cluster at once: max_jobs beside the type of the "
            "executor, or --workers"
        )
    refuse_without_ray()
    return RayExecutor(
        settings,
        n_slots,
        samples=needs.system_metrics,
        stop_signal=needs.stop_signal,
        grace_s=GRACE_S if needs.grace_s is None else needs.grace_s,
    )


def _ask_ray(keys: EngineKeys, folder: Path) -> str | None:
    import anyio

    from .ray.executor import RayExecutor
    from .ray.settings import RaySettings

    refuse_without_ray()
    settings = RaySettings.model_validate(dict(keys))

    async def ask() -> str:
        async with RayExecutor(settings, 1, stop_signal="SIGTERM", grace_s=GRACE_S) as engine:
            return engine.cluster

    return anyio.run(ask)


def _place_ray(keys: EngineKeys, folder: Path, logdir: Path) -> EngineKeys:
    from .ray.settings import placed

    return placed(keys, folder, logdir)


def refuse_without_ray() -> None:
    """Check that Ray is installed.

    Raises:
        UsageError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise UsageError(
            "Ray is not installed here: install ml-tracking-ops[ray], in the version of Ray that "
            "the cluster has"
        )


def _no_keys(keys: EngineKeys) -> Iterable[tuple[str, str]]:
    return [(key, "is not a key of this engine") for key in keys]


def _slurm_problems(keys: EngineKeys) -> Iterable[tuple[str, str]]:
    from .slurm.settings import setting_problems

    return setting_problems(keys)


def _ray_problems(keys: EngineKeys) -> Iterable[tuple[str, str]]:
    from .ray.settings import setting_problems

    return setting_problems(keys)


def _slurm_conflicts(keys: EngineKeys, config: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    from .slurm.conflicts import slurm_conflicts

    return slurm_conflicts(keys, config)


def _ray_conflicts(keys: EngineKeys, config: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    from .ray.conflicts import ray_conflicts

    return ray_conflicts(keys, config)


def engine_settings() -> Mapping[str, type[BaseModel]]:
    """Return the models of the keys of those engines of this package that have any."""
    from .ray.settings import RaySettings
    from .slurm.settings import SlurmSettings

    return {"slurm": SlurmSettings, "ray": RaySettings}


EXECUTORS: dict[str, ExecutorEntry] = {
    LOCAL: ExecutorEntry(_make_local, _no_keys),
    "slurm": ExecutorEntry(_make_slurm, _slurm_problems, _ask_slurm, conflicts=_slurm_conflicts),
    "ray": ExecutorEntry(_make_ray, _ray_problems, _ask_ray, _place_ray, _ray_conflicts),
}


def _entry_point(name: str) -> "EntryPoint | None":
    return next(iter(_entry_points().select(name=name)), None)


def _entry_points() -> "EntryPoints":
    from importlib.metadata import entry_points  # takes 20 ms, and most engines are our own

    return entry_points(group=GROUP)


def find_entry(name: str) -> ExecutorEntry:
    """Return the engine of this name.

    Raises:
        UsageError: there is none, or its package cannot be used.
    """
    if name in EXECUTORS:
        return EXECUTORS[name]
    point = _entry_point(name)
    if point is None:
        known = sorted({*EXECUTORS, *_entry_points().names})
        hint = did_you_mean(name, known)
        raise UsageError(f"there is no engine {name}{hint} (known: {', '.join(known)})")
    try:
        entry = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the engine {name} ({point.value}) cannot be loaded: {error}") from error
    if not isinstance(entry, ExecutorEntry):
        raise UsageError(f"the engine {name} ({point.value}) is not an ExecutorEntry")
    return entry


def executor_problems(executor: object) -> Iterable[tuple[str, str]]:
    """Return what is wrong with the key `executor`: a key within it, or "" for itself, and a
    sentence."""
    if not isinstance(executor, Mapping):
        return []
    name = executor.get("type")
    if not isinstance(name, str):
        return [("type", 'must name an engine, for example "local"')]
    try:
        entry = find_entry(name)
    except UsageError as error:
        return [("type", f"must name an engine: {error}")]
    return entry.problems({key: value for key, value in executor.items() if key != "type"})


def engine_conflicts(config: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """Return what in a configuration its engine cannot do: each key with a sentence."""
    executor = config.get("executor")
    if not isinstance(executor, Mapping) or not isinstance(executor.get("type"), str):
        return []
    try:
        entry = find_entry(executor["type"])
    except UsageError:
        return []  # reported by `executor_problems`
    keys = {key: value for key, value in executor.items() if key != "type"}
    return entry.conflicts(keys, config)


def make_executor(
    executor: EngineKeys, n_workers: int | None, needs: RunRequirements, folder: Path, logdir: Path
) -> Executor:
    """Return the engine that the key `executor` of a configuration names, not entered yet.

    Args:
        n_workers: how many runs at once. None leaves it to the engine.
        folder: where runs start.

    Raises:
        UsageError: there is no such engine, or it cannot meet the requirements of the runs.
    """
    keys = {key: value for key, value in executor.items() if key != "type"}
    entry = find_entry(str(executor["type"]))
    return entry.make(entry.place(keys, folder, logdir), n_workers, needs)


def ask_engine(executor: EngineKeys, folder: Path, logdir: Path) -> str | None:
    """Return what the engine of the key `executor` reports about a run, without accepting it.

    Raises:
        UsageError: it would refuse the run.
    """
    keys = {key: value for key, value in executor.items() if key != "type"}
    entry = find_entry(str(executor["type"]))
    return entry.ask(entry.place(keys, folder, logdir), folder)
