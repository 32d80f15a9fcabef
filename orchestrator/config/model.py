"""`experiment_cfg.json` → a typed, validated, immutable configuration."""

import difflib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from ..commands.arguments import as_text
from ..commands.settings import ALLOWED as RUN_ALLOWED
from ..commands.settings import RunSettings, run_problems
from ..errors import ConfigError, ConfigProblem
from ..search.settings import ALLOWED as SEARCH_ALLOWED
from ..search.settings import Repeats, SearchSettings
from ..search.space import KINDS, Hyperparameter, SearchSpace
from ..stopping import settings as rule_settings
from ..stopping.settings import RULES, StoppingSettings
from ..store.objective import Goal
from .search_checks import search_problems
from .value_checks import passing_problems, show_value
from .wandb_sweep import SUFFIXES, load_wandb_sweep

_KINDS: Mapping[str, type[BaseModel]] = KINDS
_TAGGED: dict[str, Mapping[str, type[BaseModel]]] = {
    "hyperparameters": _KINDS,
    "stopping_rules": RULES,
}
"""Keys that hold things of several kinds."""
_ALLOWED = {**SEARCH_ALLOWED, **rule_settings.ALLOWED, **RUN_ALLOWED}
_NEEDED_FOR_EARLY_STOPPING = ("early_stopping_patience", "optimization_metric", "optimization_goal")


class SweepConfig(SearchSettings, StoppingSettings, RunSettings):
    """A sweep, as `experiment_cfg.json` describes it."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        title="experiment_cfg.json of ML Tracking Ops",
        json_schema_extra={
            "if": {
                "properties": {"early_stopping": {"const": True}},
                "required": ["early_stopping"],
            },
            "then": {"required": list(_NEEDED_FOR_EARLY_STOPPING)},
            "dependentRequired": {"optimization_metric": ["optimization_goal"]},
        },
    )

    main_script_name: Annotated[str, Field(min_length=1)] = Field(
        description="The training script, relative to the folder of this file."
    )
    hyperparameters: Annotated[SearchSpace, Field(min_length=1)] = Field(
        description="What to search: each name is passed to the script as --name=value."
    )
    max_runs: Annotated[int, Field(ge=1)] = Field(description="How many runs at most.")
    early_stopping: bool = Field(description="Whether to stop runs that no longer improve.")
    early_stopping_patience: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="How many logged values in a row may bring no improvement before a run is "
        "stopped.",
    )
    optimization_metric: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="The metric to optimise, as the script logs it."
    )
    optimization_goal: Goal | None = Field(
        default=None, description="Whether the metric is to be maximised or minimised."
    )
    seed: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Determines every combination; drawn and written down where it is not given.",
    )
    schema_: str | None = Field(
        default=None, alias="$schema", description="For editors; ignored.", exclude=True
    )


@dataclass(frozen=True)
class LoadedConfig:
    """A valid configuration together with where it came from.

    `folder` is where runs are started; `source` is the configuration as it was given; `notes`
    say what goes another way here than in the file it was read from.
    """

    config: SweepConfig
    source: dict[str, JsonValue]
    folder: Path
    path: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def script(self) -> Path:
        return self.folder / self.config.main_script_name

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes, and what a small `max_runs` leaves out."""
        n_first, most = len(self.config.first_runs), self.config.max_runs
        if n_first <= most:
            return self.notes
        return (
            *self.notes,
            f"max_runs is {most}: of the {n_first} first_runs the last "
            f"{n_first - most} will not run",
        )

    def with_max_runs(self, max_runs: int) -> "LoadedConfig":
        config = self.config.model_copy(update={"max_runs": max_runs})
        return replace(self, config=config, source={**self.source, "max_runs": max_runs})


def load_config(path: Path) -> LoadedConfig:
    """Read and validate a configuration file: ours, or a W&B sweep file (`.yaml`).

    Raises:
        ConfigError: the file is missing, is no JSON, or has mistakes; all of them are named.
    """
    if path.suffix.lower() in SUFFIXES:
        return load_wandb_sweep(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            str(path),
            [
                ConfigProblem(
                    "",
                    f"there is no such file; a sweep is described by a file named "
                    f"{path.name} in the current folder, or by the one given",
                )
            ],
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [ConfigProblem("", f"cannot be read: {error}")]) from None
    source = _parse_json(str(path), text)
    return validate_config(source, path.resolve().parent, str(path), path.resolve())


def validate_config(
    source: Mapping[str, Any],
    folder: Path,
    name: str = "the configuration",
    path: Path | None = None,
) -> LoadedConfig:
    """Validate a configuration that is already parsed; `folder` holds the training script.

    Raises:
        ConfigError: with every mistake that was found.
    """
    problems: list[ConfigProblem] = []
    config: SweepConfig | None = None
    try:
        config = SweepConfig.model_validate(source)
    except ValidationError as error:
        problems += explain_errors(error)
    reported = {problem.key for problem in problems}
    problems += _cross_problems(source, reported)
    problems += search_problems(source, folder, {problem.key for problem in problems})
    problems += rule_settings.stopping_problems(source, reported)
    problems += run_problems(source, reported)
    problems += passing_problems(source.get("hyperparameters"))
    problems += _script_problems(source.get("main_script_name"), folder)
    if problems or config is None:
        raise ConfigError(name, problems)
    return LoadedConfig(config, dict(source), folder, path)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `experiment_cfg.json`, for editors."""
    schema = SweepConfig.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


class _DuplicateKeyError(ValueError):
    pass


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return result


def _parse_json(name: str, text: str) -> dict[str, Any]:
    try:
        source = json.loads(text, object_pairs_hook=_without_duplicates)
    except _DuplicateKeyError as error:
        problem = ConfigProblem(str(error), "stands there twice; keep one")
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        problem = ConfigProblem("", f"is not valid JSON: {error.msg} at {place}")
    except (ValueError, RecursionError) as error:
        problem = ConfigProblem("", f"is not valid JSON: {error}")
    else:
        if isinstance(source, dict):
            return source
        problem = ConfigProblem("", f"must hold one JSON object, not {show_value(source)}")
    raise ConfigError(name, [problem])


def explain_errors(error: ValidationError) -> list[ConfigProblem]:
    """What pydantic found wrong, in the words of this package: each with key, value, allowed."""
    return [_problem(details) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails) -> ConfigProblem:
    location = list(details["loc"])
    if not location:  # the one mistake that is of no key: a key that is no text
        return ConfigProblem("", "has a key that holds half of a surrogate pair")
    if location[0] in _TAGGED and len(location) > 2 and location[2] in _TAGGED[str(location[0])]:
        del location[2]  # the kind, which pydantic inserts; it is no key of the file
    key = ".".join(str(part) for part in location)
    return ConfigProblem(key, _explain(details, location))


def _explain(details: ErrorDetails, location: list[int | str]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    match kind:
        case "missing":
            return f"is missing; it must be {_allowed(location)}"
        case "extra_forbidden":
            return _unknown_key(details, location)
        case "union_tag_not_found":
            return f"needs a {_tag(location)}: one of {_join(_TAGGED[str(location[0])])}"
        case "union_tag_invalid":
            return _unknown_tag(context.get("tag", value), location)
        case "int_type" | "int_from_float" if location[:1] == ["hyperparameters"]:
            return f"must be a whole number, got {show_value(value)}"
        case "value_error":
            return str(context.get("error", details["msg"]))
        case "too_short":
            return f"must not be empty, got {show_value(value)}"
        case "greater_than" | "greater_than_equal" if location[:1] == ["hyperparameters"]:
            return f"{details['msg'].replace('Input should', 'must')}, got {show_value(value)}"
        case _:
            return f"must be {_allowed(location)}, got {show_value(value)}"


def _tag(location: list[int | str]) -> str:
    return "type" if location[0] == "hyperparameters" else "rule"


def _unknown_tag(given: object, location: list[int | str]) -> str:
    known = _TAGGED[str(location[0])]
    return (
        f"unknown {_tag(location)} {show_value(given)}{_nearest(str(given), known)}; "
        f"allowed: {_join(known)}"
    )


def _allowed(location: list[int | str]) -> str:
    key = ".".join(str(part) for part in location)
    if key in _ALLOWED:
        return _ALLOWED[key]
    match location:
        case ["stopping_rules", _]:
            return f"an object with a rule ({_join(RULES)})"
        case ["stopping_rules", _, str(key)] if key in rule_settings.RULE_ALLOWED:
            return rule_settings.RULE_ALLOWED[key]
        case ["main_script_name"]:
            return "the file name of a training script"
        case ["hyperparameters"]:
            return "an object of hyperparameters, each with a type"
        case ["hyperparameters", _]:
            return f"an object with a type ({_join(_KINDS)})"
        case ["hyperparameters", _, "min" | "max" | "step" | "mu" | "sigma"]:
            return "a finite number"
        case ["hyperparameters", _, "when"]:
            return 'an object such as {"optimizer": "sgd"}'
        case ["hyperparameters", _, "probabilities", *_]:
            return "a list of numbers, 0 or more, that add up to 1"
        case ["hyperparameters", _, "ordered"]:
            return "true or false"
        case ["hyperparameters", _, "to"]:
            return "the name of another hyperparameter"
        case ["hyperparameters", _, "candidates"]:
            return "a non-empty list of values"
        case ["hyperparameters", *_]:
            return "a JSON value"
        case ["max_runs" | "early_stopping_patience"]:
            return "a whole number, 1 or more"
        case ["seed"]:
            return "a whole number, 0 or more"
        case ["early_stopping"]:
            return "true or false"
        case ["optimization_goal"]:
            return '"max" or "min"'
        case ["optimization_metric"]:
            return "the name of a metric that the script logs"
        case _:
            return "a text"


def _unknown_key(details: ErrorDetails, location: list[int | str]) -> str:
    if location[0] in _TAGGED and len(location) > 2:
        model = _TAGGED[str(location[0])][str(details["loc"][2])]
        known = [*model.model_fields]
    elif location[:1] == ["repeats"]:
        known = [*Repeats.model_fields]
    else:
        known = [field.alias or name for name, field in SweepConfig.model_fields.items()]
        known.remove("$schema")
    return f"unknown key{_nearest(str(location[-1]), known)}; known: {_join(known)}"


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f", did you mean {close[0]}?" if close else ""


def _cross_problems(source: Mapping[str, Any], reported: set[str]) -> Iterable[ConfigProblem]:
    if source.get("early_stopping") is True:
        for key in _NEEDED_FOR_EARLY_STOPPING:
            if source.get(key) is None and key not in reported:
                yield ConfigProblem(key, f"is missing; early_stopping needs it: {_allowed([key])}")
    elif (
        source.get("optimization_metric") is not None
        and source.get("optimization_goal") is None
        and "optimization_goal" not in reported
    ):
        yield ConfigProblem(
            "optimization_goal",
            'is missing; to tell the best value of optimization_metric it must be "max" or "min"',
        )


def _script_problems(script: object, folder: Path) -> Iterable[ConfigProblem]:
    if not isinstance(script, str) or not script:
        return
    if not os.path.isfile(folder / script):  # noqa: PTH113  (whatever the text is)
        yield ConfigProblem(
            "main_script_name", f"there is no file {show_value(script)} in {folder}"
        )


def _join(names: Iterable[str]) -> str:
    return ", ".join(names)


__all__ = [
    "Hyperparameter",
    "LoadedConfig",
    "SweepConfig",
    "as_text",
    "explain_errors",
    "json_schema",
    "load_config",
    "validate_config",
]
