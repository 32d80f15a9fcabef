"""The keys of `executor` for Ray, named as Ray names what actors need."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ...errors import UsageError, did_you_mean
from ...setting_types import Allowed, Positive, Text, allowed_text

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
        default=0.0, description="GPUs of a run. With 0.5 two runs share one."
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
        json_schema_extra={"additionalProperties": True},  # early pydantic leaves it out
    )
    shared_folder: bool = Field(
        default=False,
        description="The log folder has the same path on all nodes, so no files are copied.",
    )

    def needs_text(self) -> str:
        """What a run needs, for people."""
        needs = [f"{self.num_cpus:g} CPU"]
        needs += [f"{self.num_gpus:g} GPU"] if self.num_gpus else []
        needs += [f"{self.memory / 1e9:.1f} GB"] if self.memory else []
        return ", ".join([*needs, *(f"{n:g} {name}" for name, n in self.resources.items())])


def setting_problems(keys: Mapping[str, JsonValue]) -> Iterable[tuple[str, str]]:
    """What is wrong with the keys beside `type`: each key with a sentence."""
    try:
        RaySettings.model_validate(dict(keys))
    except ValidationError as error:
        return [_problem(str(one["loc"][0]), one["input"]) for one in error.errors()]
    return []


def is_address(working_dir: str) -> bool:
    """Whether the nodes fetch it themselves, as `s3://bucket/code.zip`."""
    return "://" in working_dir


def placed(keys: Mapping[str, JsonValue], folder: Path, logdir: Path) -> dict[str, JsonValue]:
    """The keys with a whole path to `working_dir`, of which the log folder is not sent.

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
