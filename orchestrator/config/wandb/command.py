"""The script and the command of a W&B sweep file."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

from ...commands.macros import MACRO, is_known_macro
from ...errors import ConfigProblem
from ..value_checks import show_value
from ..yaml_files import Scientific

DEFAULT_COMMAND = ("${env}", "${interpreter}", "${program}", "${args}")
_SCRIPTS = (".py", ".sh")


def command_parts(given: object) -> tuple[list[str], list[ConfigProblem]]:
    """Return the elements of a command as W&B's agent writes them."""
    if not isinstance(given, list) or not given:
        return [], [ConfigProblem("command", f"must be a list of strings, got {show_value(given)}")]
    parts: list[str] = []
    problems: list[ConfigProblem] = []
    for position, part in enumerate(given):
        if part is None or isinstance(part, list | Mapping):
            shown = "empty" if part is None else f"no text: {show_value(part)}"
            problems.append(ConfigProblem(f"command.{position}", f"is {shown}"))
        else:
            parts.append(part.text if isinstance(part, Scientific) else str(part))
    return parts, problems


def with_parameter_macros(
    command: Sequence[str], names: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Replace `${lr}` by `${param:lr}`, and return the names that were meant this way."""
    meant: list[str] = []

    def replaced(part: str) -> str:
        for name in MACRO.findall(part):
            if name in names and not is_known_macro(name):
                meant.append(name)
                part = part.replace(f"${{{name}}}", f"${{param:{name}}}")
        return part

    return [replaced(part) for part in command], meant


def script_of(given: Mapping[str, Any], folder: Path) -> str | None:
    """Return the training script, or, for a command without `${program}`, what it starts."""
    program = given.get("program")
    if isinstance(program, str) and program:
        return program
    command = given.get("command")
    parts = [part for part in command if isinstance(part, str)] if isinstance(command, list) else []
    if "${program}" in parts:
        return None
    scripts = [part for part in parts if part.endswith(_SCRIPTS)]
    present = [part for part in scripts if (folder / part).is_file()]
    return next(iter([*present, *scripts, *_modules(parts), *_started(parts)]), None)


def folder_of(given: Mapping[str, Any], beside: Path) -> Path:
    """Return the folder in which runs are started: the current one, as for W&B's agent, unless the
    script is beside the file."""
    here = Path.cwd()
    script = script_of(given, here)
    if script is None:
        return here
    files = (script, module_file(script), f"{module_file(script)[:-3]}/__main__.py")
    if any((here / file).is_file() for file in files):
        return here
    return beside if any((beside / file).is_file() for file in files) else here


def module_file(name: str) -> str:
    """Return the file that `python -m name` runs."""
    return f"{name.replace('.', '/')}.py"


def starts_module(command: Sequence[str]) -> bool:
    """Return whether `${program}` is a module's name."""
    return ("-m", "${program}") in pairwise(command)


def is_installed_program(name: str, command: Sequence[str], folder: Path) -> bool:
    """Return whether PATH has `${program}` as a command, so that it is no file here."""
    first = next((part for part in command if part != "${env}"), None)
    is_name = PurePath(name).name == name and not (folder / name).exists()
    return first == "${program}" and is_name and shutil.which(name) is not None


def _modules(parts: Sequence[str]) -> Iterator[str]:
    return (name for flag, name in pairwise(parts) if flag == "-m")


def _started(parts: Sequence[str]) -> Iterator[str]:
    return (part for part in parts if not MACRO.search(part) and part not in ("python", "python3"))
