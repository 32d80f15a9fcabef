"""What in a configuration does not go with Ray."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

from ..local_keys import local_key_conflicts

_INSTEAD = {
    "gpus_per_run": "Set num_gpus in executor instead",
    "runs_per_gpu": "Set num_gpus in executor to a part of a GPU instead: with 0.5 two runs share "
    "one",
    "min_free_gpu_memory_gb": "Leave it out: Ray gives GPUs to runs by num_gpus in executor",
    "max_runs_on_machine": "Leave it out: Ray fills nodes by num_cpus, num_gpus and memory in "
    "executor, and max_jobs there limits the runs at once",
}


def ray_conflicts(
    keys: Mapping[str, JsonValue], config: Mapping[str, object]
) -> Iterable[tuple[str, str]]:
    """Yield the keys of a configuration that ask for what runs on Ray do not have.

    Args:
        keys: those of the engine.
        config: as given.
    """
    yield from local_key_conflicts(config, "Ray", _INSTEAD)
    if keys.get("shared_folder") is not True:
        yield from _lost_checkpoints(config.get("stopping_rules"))


def _lost_checkpoints(rules: object) -> Iterator[tuple[str, str]]:
    for position, rule in enumerate(rules if isinstance(rules, list | tuple) else ()):
        if isinstance(rule, Mapping) and rule.get("resume") is True:
            yield (
                f"stopping_rules.{position}.resume",
                "is true, but a run that continues would not find its checkpoint: on Ray each "
                "attempt writes to a folder of its own on its node. Set shared_folder to true in "
                "executor if all nodes reach the log folder by the same path, or leave out resume",
            )
