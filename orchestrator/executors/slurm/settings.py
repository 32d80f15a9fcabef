"""The keys of `executor` for Slurm, named like the options of `sbatch`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic_core import ErrorDetails

from ...errors import did_you_mean
from ...setting_types import Allowed, Positive, Text, allowed_text
from ...supervision.batch_facts import seconds_in

_OURS = frozenset(
    (
        "job-name",
        "output",
        "error",
        "chdir",
        "signal",
        "requeue",
        "no-requeue",
        "array",
        "parsable",
        "wrap",
        "export",
        "export-file",
        "dependency",
        "open-mode",
        "comment",
        "wait",
        "test-only",
        "input",
    )
)
_Option = str | int | float | bool | None
_UNLIMITED = ("UNLIMITED", "INFINITE")


class _Conflicts(ValueError):
    """Keys with what is wrong with them."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{key} {text}" for key, text in found))
        self.found = found


class SlurmSettings(BaseModel):
    """One Slurm batch job for each attempt at a run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    partition: Text | None = Field(
        default=None, description="The partition, or several joined by commas."
    )
    time: Annotated[
        Text | Positive | None, Allowed('a time limit such as "2:00:00", "1-12" or 90 minutes')
    ] = Field(
        default=None, description="The time limit of each job. Default: that of the partition."
    )
    max_jobs: Positive | None = Field(
        default=None,
        description="The maximum number of jobs that are submitted and have not ended. "
        "`--workers` does the same.",
    )
    cpus_per_task: Positive | None = Field(default=None, description="CPUs of a run.")
    gpus_per_node: Annotated[
        Text | Positive | None, Allowed('a number of GPUs, or as in "a100:2"')
    ] = Field(default=None, description="GPUs of a run.")
    gres: Text | None = Field(
        default=None, description='Generic resources, such as `"gpu:a100:1"`.'
    )
    mem: Annotated[Text | Positive | None, Allowed('an amount such as "32G", or megabytes')] = (
        Field(default=None, description="Memory of a run on its node.")
    )
    mem_per_cpu: Annotated[
        Text | Positive | None, Allowed('an amount such as "4G", or megabytes')
    ] = Field(default=None, description="Memory for each CPU. Cannot be combined with `mem`.")
    nodes: Positive = Field(
        default=1, description="Nodes of a run. Its command starts on the first one."
    )
    constraint: Text | None = Field(default=None, description="Features that nodes must have.")
    exclude: Text | None = Field(default=None, description="Nodes that must not be used.")
    reservation: Text | None = Field(default=None, description="A reservation to use.")
    account: Text | None = Field(default=None, description="The account to charge.")
    qos: Text | None = Field(default=None, description="The quality of service.")
    setup: Annotated[list[Text], Allowed("a list of shell lines")] = Field(
        default=[],
        description='Shell lines at the beginning of each job, such as `"module load cuda"`.',
    )
    python: Text | None = Field(
        default=None,
        description="The Python on the nodes, if it is not the one that runs the sweep.",
    )
    additional_parameters: Annotated[
        dict[str, _Option], Allowed('an object of sbatch options, such as {"nice": 100}')
    ] = Field(
        default={}, description="Other options of `sbatch`. `true` sets an option without a value."
    )
    poll_interval_s: Annotated[float, Field(ge=15, allow_inf_nan=False)] = Field(
        default=15.0,
        description="The interval between calls of `squeue`, in seconds. One call covers all runs.",
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        conflicts = [*self._conflicts()]
        if conflicts:
            raise _Conflicts(conflicts)
        return self

    def _conflicts(self) -> Iterator[tuple[str, str]]:
        """Yield keys that are each well-formed, with what is wrong with them nevertheless."""
        if self.mem is not None and self.mem_per_cpu is not None:
            yield "mem", "and mem_per_cpu exclude each other"
        if self.time is not None and self.time_s is None and not self._is_unlimited:
            yield "time", f'must be a time limit such as "2:00:00", got {self.time!r}'
        for name in self.additional_parameters:
            key, plain = f"additional_parameters.{name}", name.lstrip("-").replace("_", "-")
            if plain in _OURS:
                yield key, "is set by the sweep itself and must be left out"
            elif plain.replace("-", "_") in type(self).model_fields:
                yield key, "is a key of its own: write it beside type"

    @property
    def _is_unlimited(self) -> bool:
        return str(self.time).upper() in _UNLIMITED

    @property
    def time_s(self) -> float | None:
        """The time limit in seconds, or None if there is none, or the partition's is not known."""
        return None if self.time is None else seconds_in(str(self.time))

    def options(self) -> list[str]:
        """Return the options of `sbatch` that request resources."""
        plain = {
            "partition": self.partition,
            "time": self.time,
            "nodes": self.nodes,
            "cpus-per-task": self.cpus_per_task,
            "gpus-per-node": self.gpus_per_node,
            "gres": self.gres,
            "mem": self.mem,
            "mem-per-cpu": self.mem_per_cpu,
            "constraint": self.constraint,
            "exclude": self.exclude,
            "reservation": self.reservation,
            "account": self.account,
            "qos": self.qos,
        }
        more = {
            name.lstrip("-").replace("_", "-"): value
            for name, value in self.additional_parameters.items()
        }
        return [text for name, value in {**plain, **more}.items() for text in _option(name, value)]


def _option(name: str, value: _Option) -> list[str]:
    if value is None or value is False:
        return []
    return [f"--{name}"] if value is True else [f"--{name}={value}"]


def setting_problems(keys: Mapping[str, JsonValue]) -> Iterable[tuple[str, str]]:
    """Return what is wrong with the keys beside `type`: each key with a sentence."""
    try:
        SlurmSettings.model_validate(dict(keys))
    except ValidationError as error:
        listed = error.errors(include_url=False)
        return [problem for details in listed for problem in _problems(details)]
    return []


def _problems(details: ErrorDetails) -> Sequence[tuple[str, str]]:
    conflicts = details.get("ctx", {}).get("error")
    return conflicts.found if isinstance(conflicts, _Conflicts) else [_problem(details)]


def _problem(details: ErrorDetails) -> tuple[str, str]:
    key = str(details["loc"][0])
    field = SlurmSettings.model_fields.get(key)
    if field is None:
        return key, f"unknown key{did_you_mean(key, SlurmSettings.model_fields)}"
    return key, f"must be {allowed_text(field)}, got {details['input']!r}"
