"""The keys of `experiment_cfg.json` on how a run is started, with what, and for how long."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..errors import ConfigProblem
from ..output.patterns import PATTERNS
from ..setting_types import AboveZero, Allowed, Natural, NonNegative, Positive, Text
from .macros import command_problem, is_passable, macro_name_problem, macro_problem
from .values import ValueStyle

_PATTERNS = (
    f"{', '.join(json.dumps(name) for name in PATTERNS)}, or a regular expression with the groups "
    "(?P<name>…) and (?P<value>…), or a group for each metric, as in loss (?P<loss>\\S+)"
)


class RunSettings(BaseModel):
    """How runs are started, with what, and how long they may take."""

    model_config = ConfigDict(defer_build=True)

    command: (
        Annotated[
            tuple[str, ...],
            Field(min_length=1),
            Allowed('a list of strings, for example ["${interpreter}", "${program}", "${args}"]'),
        ]
        | None
    ) = Field(
        default=None,
        strict=False,
        description="The argument list that starts a run, with macros such as `${interpreter}`, "
        "`${program}` and `${args}`. Default: Python, the script, `--logdir` (only "
        'with metrics_from "log") and `${args}`.',
    )
    values_as: ValueStyle = Field(
        default="json",
        description='How lists and objects are written in arguments: "json", or "python" for the '
        "form of Python's str(), as W&B's agent does.",
    )
    objects: Annotated[
        tuple[Text, ...],
        Allowed('a list of names, for example ["optimizer"] for the hyperparameter optimizer.lr'),
    ] = Field(
        default=(),
        strict=False,
        description='Names of objects. With "optimizer" in this list, the hyperparameters '
        "optimizer.lr and optimizer.name are passed together as the object optimizer.",
    )
    wandb_config: bool = Field(
        default=False,
        description="Pass the hyperparameters to scripts that read them from `wandb.config`. "
        "W&B's client runs offline unless WANDB_MODE is set.",
    )
    environment: Annotated[dict[str, str], Allowed("an object of names and strings")] = Field(
        default_factory=dict,
        description="Environment variables of the runs. Values can contain macros.",
    )
    metrics_from: Literal["log", "stdout", "tensorboard"] = Field(
        default="log",
        description='Where metrics come from. "log": the script logs them. "stdout": they are '
        'read from the output of the script with metrics_pattern. "tensorboard": they '
        "are read from event files below tensorboard_dir.",
    )
    tensorboard_dir: Text = Field(
        default="${run_dir}",
        description="The folder of the event files. It can contain macros. A relative path is "
        "below the folder of the configuration. Several runs can write below the same "
        "folder.",
    )
    metrics_pattern: Annotated[Text, Allowed(_PATTERNS)] | None = Field(
        default=None,
        description='How to read a printed line: "json", "name: value", "name=value", the name of '
        'a library ("transformers", "keras", "lightgbm", "xgboost", '
        '"stable_baselines3"), or a regular expression with the named groups name and '
        "value (or a group for each metric) and step.",
    )
    system_metrics: bool = Field(
        default=True,
        description="Sample the CPU, memory and GPU use of each run every five seconds, into a "
        "separate log.",
    )
    timeout_s: Annotated[AboveZero, Allowed("a number of seconds above 0")] | None = Field(
        default=None, description="Stop a run that takes longer than this."
    )
    stop_signal: Literal["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] = Field(
        default="SIGTERM",
        description="The signal that asks a run to end, so that it can save its work.",
    )
    grace_s: Annotated[NonNegative, Allowed("a number of seconds, 0 or more")] | None = Field(
        default=None,
        description="Seconds between stop_signal and SIGKILL when a run is stopped. Also applies "
        "to processes that a script leaves running. Default: 10.",
    )
    retries: Natural = Field(
        default=0,
        description="How often a failed run is tried again. Each attempt has its own log.",
    )
    retry_backoff_s: Annotated[NonNegative, Allowed("a number of seconds, 0 or more")] = Field(
        default=1.0,
        description="Seconds before the first retry. The time doubles with each further retry.",
    )
    gpus_per_run: Natural = Field(
        default=1,
        description="The number of GPUs for each run. Ignored on a machine without GPUs. On Slurm "
        "set gpus_per_node in executor, on Ray num_gpus.",
    )
    runs_per_gpu: Positive = Field(
        default=1, description="How many runs share a GPU, counting the runs of all your sweeps."
    )
    max_runs_on_machine: Positive | None = Field(
        default=None,
        description="A run starts only while fewer runs than this are running on the machine, "
        "counting all your sweeps.",
    )
    min_free_gpu_memory_gb: Annotated[AboveZero, Allowed("a number of GB above 0")] | None = Field(
        default=None,
        description="A run starts once each of its GPUs has this much free memory, in GB (10^9 "
        "bytes).",
    )

    @field_validator("command")
    @classmethod
    def _macros_are_known(cls, command: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if command is not None and (problem := command_problem(command)) is not None:
            raise ValueError(problem)
        return command

    @field_validator("environment")
    @classmethod
    def _variables_can_be_set(cls, environment: dict[str, str]) -> dict[str, str]:
        for name, value in environment.items():
            if not name or "=" in name or not is_passable(name + value):
                raise ValueError(f"{name!r} cannot be an environment variable with this value")
            if (problem := macro_problem(value)) is not None:
                raise ValueError(f"{name}: {problem}")
        return environment

    @field_validator("metrics_pattern")
    @classmethod
    def _pattern_names_what_it_finds(cls, pattern: str | None) -> str | None:
        if pattern is None or pattern in PATTERNS:
            return pattern
        from ..output.user_pattern import OutputPatternError, UserPattern

        try:
            groups = UserPattern(pattern).groups
        except OutputPatternError as error:
            raise ValueError(
                f"is not a regular expression: {error}. Allowed: {_PATTERNS}"
            ) from None
        if ("name" in groups) != ("value" in groups) or not groups - {"step"}:
            raise ValueError(f"must name what it finds, got {pattern!r}. Allowed: {_PATTERNS}")
        return pattern


def run_problems(source: Mapping[str, Any], reported: set[str]) -> Iterable[ConfigProblem]:
    """Yield keys that conflict, and macros that name something unknown."""
    yield from _macro_problems(source, reported)
    reads_output = source.get("metrics_from") == "stdout"
    has_pattern = source.get("metrics_pattern") is not None
    if reads_output and not has_pattern and "metrics_pattern" not in reported:
        yield ConfigProblem(
            "metrics_pattern", f'is missing. metrics_from "stdout" needs it: {_PATTERNS}'
        )
    if source.get("tensorboard_dir") is not None and source.get("metrics_from") != "tensorboard":
        yield ConfigProblem(
            "metrics_from", 'must be "tensorboard" for tensorboard_dir to have any effect'
        )
    if has_pattern and not reads_output and "metrics_from" not in reported:
        yield ConfigProblem(
            "metrics_from", 'must be "stdout" for metrics_pattern to have any effect'
        )


def _macro_problems(source: Mapping[str, Any], reported: set[str]) -> Iterable[ConfigProblem]:
    names, repeats = source.get("hyperparameters"), source.get("repeats")
    if not isinstance(names, Mapping):
        return
    seed_name = repeats.get("seed_name") if isinstance(repeats, Mapping) else None
    objects, groups = source.get("objects"), source.get("groups")
    known = [
        *names,
        *([seed_name] if isinstance(seed_name, str) else []),
        *(objects if isinstance(objects, list | tuple) else []),
        *(groups if isinstance(groups, list | tuple) else []),
    ]
    for key, text in _texts(source):
        if not isinstance(text, str) or key.partition(".")[0] in reported:
            continue
        if (problem := macro_name_problem(text, known, os.environ)) is not None:
            yield ConfigProblem(key, problem)


def _texts(source: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the texts that may hold macros, each with its key."""
    command, environment = source.get("command"), source.get("environment")
    for position, text in enumerate(command if isinstance(command, list | tuple) else ()):
        yield f"command.{position}", text
    for name, text in (environment if isinstance(environment, Mapping) else {}).items():
        yield f"environment.{name}", text
    yield "tensorboard_dir", source.get("tensorboard_dir")
