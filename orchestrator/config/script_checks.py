"""Check the training script: it may be missing, or Python may be unable to run it."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import ConfigProblem
from .value_checks import show_value

_INTERPRETERS = {
    ".sh": "bash",
    ".bash": "bash",
    ".zsh": "zsh",
    ".r": "Rscript",
    ".jl": "julia",
    ".js": "node",
    ".mjs": "node",
    ".ts": "ts-node",
    ".lua": "lua",
    ".pl": "perl",
    ".rb": "ruby",
    ".m": "octave",
}
_ELF, _MACH_O = b"\x7fELF", b"\xcf\xfa\xed\xfe"
_HEAD_BYTES = 200
_SCRIPT_BYTES = 1 << 20
_HYDRA_MACROS = ("${args_no_hyphens}", "${args_append_hydra}", "${args_override_hydra}")
HYDRA_ADVICE = (
    "Hydra names a run's folder after the second it starts in, so runs that start together share "
    'one: add "hydra.run.dir=${run_dir}" to command'
)


def script_problems(source: Mapping[str, Any], folder: Path) -> Iterable[ConfigProblem]:
    """Yield mistakes in `main_script_name`, if it is a string at all."""
    script = source.get("main_script_name")
    if not isinstance(script, str) or not script:
        return
    command = source.get("command")
    if command and "${program}" not in str([command, source.get("environment")]):
        return  # the message about the command is enough
    path = os.path.join(folder, script)  # noqa: PTH118  (for any text)
    if not os.path.isfile(path):  # noqa: PTH113
        yield ConfigProblem(
            "main_script_name", f"there is no file {show_value(script)} in {folder}"
        )
    elif _is_for_python(command) and (start := _how_to_start(path)) is not None:
        example = json.dumps([*start, "${program}", "${args}"])
        yield ConfigProblem(
            "main_script_name",
            f"{show_value(script)} is not a Python script. Set command to how it is started, for "
            f'example "command": {example}',
        )


def _is_for_python(command: object) -> bool:
    """Return whether Python runs the script, which is the default without a command."""
    if command is None:
        return True
    parts = list(command) if isinstance(command, list | tuple) else []
    return ("${interpreter}", "${program}") in pairwise(parts)


def _how_to_start(path: str) -> list[str] | None:
    """Return the interpreter of a script that is not for Python, or empty if it needs none."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(_HEAD_BYTES)
    except OSError:
        return None
    if head.startswith((_ELF, _MACH_O)):
        return []
    if head.startswith(b"#!"):
        interpreter = head[2:].split(b"\n")[0].decode("utf-8", "replace").split()
        name = os.path.basename(interpreter[-1]) if interpreter else ""  # noqa: PTH119
        return None if "python" in " ".join(interpreter) else [name] if name else []
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
    return [_INTERPRETERS[suffix]] if suffix in _INTERPRETERS else None


def shares_hydra_folder(command: Sequence[str], script: Path) -> bool:
    """Return whether Hydra starts the runs, and nothing gives each of them a folder of its own."""
    passes_overrides = any(macro in part for part in command for macro in _HYDRA_MACROS)
    if not passes_overrides or any("hydra.run.dir" in part for part in command):
        return False
    try:
        with script.open("rb") as file:
            return b"hydra" in file.read(_SCRIPT_BYTES)
    except (OSError, ValueError):
        return False
