"""The contract with a training script: how a run is started."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from ml_tracking_ops.logger import paths

from .config import LoadedConfig, as_text
from .executors.base import RunCommand
from .macros import LIST_MACROS, MACRO, replace_macros
from .samplers import Combination

DEFAULT_COMMAND = ("${interpreter}", "${program}", "--logdir=${logdir}", "${args}")


@dataclass(frozen=True)
class _Run:
    """What the macros of one run's command stand for."""

    script: Path
    folder: Path
    name: str
    combination: Combination
    environment: Mapping[str, str]

    @property
    def json_path(self) -> Path:
        return self.folder / f"{self.name}{paths.ARGUMENTS_SUFFIX}"

    def value_of(self, macro: str) -> str:
        prefix, _, rest = macro.partition(":")
        match prefix:
            case "env":
                return "/usr/bin/env"
            case "interpreter":
                return sys.executable
            case "program":
                return str(self.script)
            case "logdir":
                return str(self.folder)
            case "run_name":
                return self.name
            case "args_json":
                return json.dumps(self.combination, ensure_ascii=False)
            case "args_json_file":
                return str(self.json_path)
            case "envvar":
                return self.environment.get(rest, "")
            case _:  # param
                return as_text(self.combination[rest]) if rest in self.combination else ""

    def expand(self, element: str) -> list[str]:
        match element.removeprefix("${").removesuffix("}"):
            case "args":
                return [f"--{k}={as_text(v)}" for k, v in self.combination.items()]
            case "args_no_hyphens":
                return [f"{k}={as_override(v)}" for k, v in self.combination.items()]
            case _:
                flags = (as_flag(k, v) for k, v in self.combination.items())
                return [flag for flag in flags if flag is not None]

    def arguments(self, command: tuple[str, ...]) -> tuple[str, ...]:
        arguments: list[str] = []
        for element in command:
            if MACRO.fullmatch(element) and element[2:-1] in LIST_MACROS:
                arguments += self.expand(element)
            else:
                arguments.append(replace_macros(element, self.value_of))
        return tuple(arguments)


def as_override(value: JsonValue) -> str:
    """A value as Hydra's `key=value` reads it: `true`, `false` and `null` as in JSON."""
    return as_text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_flag(name: str, value: JsonValue) -> str | None:
    """`--name` for true, nothing for false, `--name=value` for the rest."""
    if isinstance(value, bool):
        return f"--{name}" if value else None
    return f"--{name}={as_text(value)}"


def command_line(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination
) -> tuple[str, ...]:
    """The argument list that starts one run; each value arrives whole, whatever it begins with."""
    run = _Run(loaded.script, folder, name, combination, os.environ)
    return run.arguments(loaded.config.command or DEFAULT_COMMAND)


def run_command(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination
) -> RunCommand:
    """How to start the run `name` in a sweep's folder."""
    run = _Run(loaded.script, folder, name, combination, os.environ)
    config = loaded.config
    own = {key: replace_macros(text, run.value_of) for key, text in config.environment.items()}
    return RunCommand(
        arguments=run.arguments(config.command or DEFAULT_COMMAND),
        folder=loaded.folder,
        environment={
            "PYTHONUNBUFFERED": "1",
            **own,
            paths.RUN_FILE_VARIABLE: str(folder / f"{name}{paths.DAT_SUFFIX}"),
        },
        output_path=folder / f"{name}{paths.LOG_SUFFIX}",
    )


def write_arguments(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination
) -> None:
    """Write the file that `${args_json_file}` names, where the command or a variable asks for it.

    Raises:
        OSError: it cannot be written.
    """
    texts = [*(loaded.config.command or ()), *loaded.config.environment.values()]
    if any("${args_json_file}" in text for text in texts):
        path = folder / f"{name}{paths.ARGUMENTS_SUFFIX}"
        path.write_text(json.dumps(combination, ensure_ascii=False) + "\n", encoding="utf-8")
