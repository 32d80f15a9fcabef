"""The argument list that starts one run: what each macro of the `command` key stands for. Pure.

It stands apart from `command.py` so that whoever only shows a command need not load what
validates a configuration.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from .macros import LIST_MACROS, MACRO, replace_macros

DEFAULT_COMMAND = ("${interpreter}", "${program}", "--logdir=${logdir}", "${args}")


@dataclass(frozen=True)
class RunMacros:
    """What the macros of one run's command stand for.

    Args:
        logdir: what `${logdir}` stands for; `folder` is the sweep's.
        environment: where `${envvar:NAME}` is looked up.
    """

    interpreter: str
    script: Path
    folder: Path
    logdir: Path
    name: str
    combination: Mapping[str, Any]
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
                return self.interpreter
            case "program":
                return str(self.script)
            case "logdir":
                return str(self.logdir)
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

    def arguments(self, command: Sequence[str]) -> tuple[str, ...]:
        arguments: list[str] = []
        for element in command:
            if MACRO.fullmatch(element) and element[2:-1] in LIST_MACROS:
                arguments += self.expand(element)
            else:
                arguments.append(replace_macros(element, self.value_of))
        return tuple(arguments)


def as_text(value: Any) -> str:
    """A hyperparameter's value as it stands on a training script's command line.

    Text stands as it is, numbers so that reading them gives the same number, `true`, `false`
    and `null` as Python writes them (`True`, `False`, `None`), lists and objects as JSON.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def as_override(value: Any) -> str:
    """A value as Hydra's `key=value` reads it: `true`, `false` and `null` as in JSON."""
    return as_text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_flag(name: str, value: Any) -> str | None:
    """`--name` for true, nothing for false, `--name=value` for the rest."""
    if isinstance(value, bool):
        return f"--{name}" if value else None
    return f"--{name}={as_text(value)}"
