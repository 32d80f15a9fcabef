"""What in a configuration does not go with Slurm."""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from ..local_keys import local_key_conflicts

_INSTEAD = {
    "gpus_per_run": "Set gpus_per_node in executor instead",
    "runs_per_gpu": "Leave it out, or request a part of a GPU with gres in executor if the cluster "
    "has such parts",
    "min_free_gpu_memory_gb": "Leave it out: Slurm gives GPUs to jobs by gpus_per_node in executor",
    "max_runs_on_machine": "Leave it out: Slurm fills nodes by cpus_per_task, gpus_per_node and "
    "mem in executor, and max_jobs there limits the jobs at once",
}


def slurm_conflicts(
    keys: Mapping[str, JsonValue], config: Mapping[str, object]
) -> Iterable[tuple[str, str]]:
    """Return the keys of a configuration that have no effect on jobs.

    Args:
        keys: those of the engine.
        config: as given.
    """
    return local_key_conflicts(config, "Slurm", _INSTEAD)
