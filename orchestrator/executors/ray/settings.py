"""The keys of `executor` for Ray, named like the requirements of Ray's actors."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ...errors import UsageError, did_you_mean, nearest
from ...setting_types import Allowed, Positive, Text, allowed_text

_OWN_KEYS = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}
_RUNTIME_ENV_KEYS = (
    "conda",
    "config",
    "container",
    "env_vars",
    "excludes",
    "image_uri",
    "java_jars",
    "mpi",
    "nsight",
    "pip",
    "py_executable",
    "py_modules",
    "rocprof_sys",
    "uv",
    "worker_process_setup_hook",
)
_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RaySettings(BaseModel):
    """One Ray actor for each slot, which executes one run after the other."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    address: Text | None = Field(
        default=None,
        description="The address of the cluster, as for `ray.init`. Default: `RAY_ADDRESS`, or "
        "else `auto`.",
    )
    max_jobs: Positive | None = Field(
        default=None, description="How many runs at once. `--workers` does the same."
    )
    num_cpus: Annotated[_Amount, Allowed("a number, 0 or more")] = Field(
        default=1.0, description="CPUs of a run."
    )
    num_gpus: Annotated[_Amount, Allowed("a number, 0 or more")] = Field(
        default=0.0,
        description="GPUs of a run: a whole number, or a part of one. With 0.5 two runs share one.",
    )
    memory: Positive | None = Field(
        default=None, description="Memory of a run in bytes, as Ray counts it."
    )
    resources: Annotated[dict[str, _Amount], Allowed('an object such as {"tpu": 1}')] = Field(
        default={}, description="Custom resources of a run."
    )
    working_dir: Text | None = Field(
        default=None,
        description="A folder with the script that Ray copies to the nodes. A relative path is "
        "below the folder of the configuration. The log folder, `.git` and the files that "
        "`.gitignore` names are left out. Or the address of an archive that the nodes fetch. "
        "Without it the same paths must exist on the nodes.",
    )
    runtime_env: Annotated[
        dict[str, object], Allowed('an object such as {"pip": ["lightning"]}')
    ] = Field(
        default={},
        description="Further settings of Ray's runtime environment.",
        json_schema_extra={"additionalProperties": True},  # early versions of pydantic leave it out
    )
    shared_folder: bool = Field(
        default=False,
        description="The log folder has the same path on all nodes, so no files are copied.",
    )

    def needs_text(self) -> str:
        """Return the requirements of a run as text."""
        needs = [f"{self.num_cpus:g} CPU"]
        needs += [f"{self.num_gpus:g} GPU"] if self.num_gpus else []
        needs += [f"{self.memory / 1e9:.1f} GB"] if self.memory else []
        return ", ".join([*needs, *(f"{n:g} {name}" for name, n in self.resources.items())])


def setting_problems(keys: Mapping[str, JsonValue]) -> Iterable[tuple[str, str]]:
    """Return what is wrong with the keys beside `type`: each key with a sentence."""
    try:
        settings = RaySettings.model_validate(dict(keys))
    except ValidationError as error:
        return [_problem(str(one["loc"][0]), one["input"]) for one in error.errors()]
    return _refusals(settings)


def _refusals(settings: RaySettings) -> Iterator[tuple[str, str]]:
    """Yield what Ray refuses or ignores once runs start."""
    n_gpus = settings.num_gpus
    if n_gpus > 1 and not n_gpus.is_integer():
        yield "num_gpus", f"must be a whole number or less than 1, got {n_gpus:g}"
    for name in settings.resources.keys() & _OWN_KEYS:
        yield f"resources.{name}", f"is not a custom resource. Set {_OWN_KEYS[name]} beside type"
    for name in settings.runtime_env:
        if name == "working_dir":
            yield "runtime_env.working_dir", "is a key of its own. Write it beside type"
        elif name not in _RUNTIME_ENV_KEYS and not name.startswith("_"):
            meant = nearest(name, _RUNTIME_ENV_KEYS, cutoff=0.7)
            if meant is not None:  # others may belong to a plugin of the cluster
                yield f"runtime_env.{name}", f"unknown key, did you mean {meant}?"


def is_address(working_dir: str) -> bool:
    """Return whether the nodes download it themselves, as `s3://bucket/code.zip`."""
    return "://" in working_dir


def placed(keys: Mapping[str, JsonValue], folder: Path, logdir: Path) -> dict[str, JsonValue]:
    """Return the keys with an absolute path to `working_dir`, without the log folder.

    Raises:
        UsageError: there is no such folder, or runs start elsewhere.
    """
    given = keys.get("working_dir")
    if not isinstance(given, str) or is_address(given):
        return dict(keys)
    sent = (folder / given).resolve()
    if not sent.is_dir():
        raise UsageError(f"executor.working_dir: there is no folder {sent}")
    if not folder.resolve().is_relative_to(sent):
        raise UsageError(
            f"executor.working_dir: runs start in {folder.resolve()}, which is not in {sent}: name "
            "the folder that holds the configuration, or one above it"
        )
    environment = keys.get("runtime_env")
    environment = dict(environment) if isinstance(environment, dict) else {}
    excludes = environment.get("excludes")
    logs = logdir.resolve()
    if logs.is_relative_to(sent) and logs != sent:
        kept = f"/{logs.relative_to(sent)}/"
        environment["excludes"] = [*(excludes if isinstance(excludes, list) else []), kept]
    return {**keys, "working_dir": str(sent), "runtime_env": environment}


def _problem(key: str, value: object) -> tuple[str, str]:
    field = RaySettings.model_fields.get(key)
    if field is None:
        return key, f"unknown key{did_you_mean(key, RaySettings.model_fields)}"
    return key, f"must be {allowed_text(field)}, got {value!r}"
