"""The argument list that starts one run: the value of each macro of the key `command`. Pure.

It is separate from `command.py` so that code that only shows a command does not load the validation
of configurations.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from .macros import MACRO, is_list_macro, replace_macros
from .values import ValueStyle, as_flag, as_objects, as_override, as_text, in_forms

_PLAIN = ("${interpreter}", "${program}", "${args}")
_WITH_LOGDIR = ("${interpreter}", "${program}", "--logdir=${logdir}", "${args}")


def default_command(metrics_from: object) -> tuple[str, ...]:
    """Return the command that starts a script by default.

    Only a script that logs its metrics itself gets `--logdir`: others may not know it.
    """
    return _PLAIN if metrics_from in ("stdout", "tensorboard") else _WITH_LOGDIR


@dataclass(frozen=True)
class RunMacros:
    """The values of the macros in the command of one run.

    Args:
        logdir: the value of `${logdir}`. `folder` is the sweep's.
        run_dir: the folder for the run's own files.
        environment: where `${envvar:NAME}` is looked up.
        style: how values are written.
        objects: the hyperparameters that are passed together, as objects.
        groups: those that are together in JSON, and apart in arguments.
    """

    interpreter: str
    script: Path
    folder: Path
    logdir: Path
    run_dir: Path
    name: str
    combination: Mapping[str, Any]
    environment: Mapping[str, str]
    style: ValueStyle = "json"
    objects: Sequence[str] = ()
    groups: Sequence[str] = ()

    @property
    def nested(self) -> dict[str, Any]:
        """The names and values as in JSON: grouped hyperparameters are in an object."""
        return as_objects(self.combination, [*self.objects, *self.groups])

    @property
    def passed(self) -> dict[str, Any]:
        """The names and values that the run receives."""
        return as_objects(self.combination, self.objects)

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
            case "run_dir":
                return str(self.run_dir)
            case "args_json":
                return json.dumps(self.nested, ensure_ascii=False)
            case "args_json_file":
                return str(self.json_path)
            case "envvar":
                return self.environment.get(rest, "")
            case _:  # param
                return self._value_of_one(rest)

    def _value_of_one(self, name: str) -> str:
        values = self.combination if name in self.combination else self.nested
        return as_text(values[name], self.style) if name in values else ""

    def expand(self, macro: str) -> list[str]:
        """Return the arguments for a macro such as `${args}`, given the text in its braces."""
        given, style = self.passed, self.style
        kind, _, forms = macro.partition(":")
        match kind:
            case "args_no_hyphens":
                return [f"{k}={as_override(v, style)}" for k, v in given.items()]
            case "args_append_hydra":
                return [f"+{k}={as_override(v, style)}" for k, v in given.items()]
            case "args_override_hydra":
                return [f"++{k}={as_override(v, style)}" for k, v in given.items()]
            case "args_no_boolean_flags":
                flags = (as_flag(k, v, style) for k, v in given.items())
                return [flag for flag in flags if flag is not None]
            case "args_no_equals":
                forms = "separate"
        return [
            argument
            for name, value in given.items()
            for argument in in_forms(name, value, forms.split(","), style)
        ]

    def arguments(self, command: Sequence[str]) -> tuple[str, ...]:
        arguments: list[str] = []
        for element in command:
            macro = MACRO.fullmatch(element)
            if macro is not None and is_list_macro(macro[1]):
                arguments += self.expand(macro[1])
            else:
                arguments.append(replace_macros(element, self.value_of))
        return tuple(arguments)
