"""The command that reruns one run by hand, from its sweep's description. Pure."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from .arguments import RunMacros, default_command
from .macros import replace_macros
from .project import find_project
from .wandb_client import client_config_path, client_environment

_VARIABLE = re.compile("\0([A-Za-z_][A-Za-z0-9_]*)\0")  # nothing else may reach a shell unquoted
_LONGEST_IDENTITY = 2_000
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True)
class RerunCommand:
    """`line` is for a POSIX shell. `notes` list how the rerun differs from the run."""

    line: str
    notes: tuple[str, ...]


class _AsVariables(dict[str, str]):
    """Replaces the environment: the value of a variable is a placeholder with its name."""

    def get(self, name: str, default: Any = None) -> str:
        return f"\0{name}\0"


def rerun_command(
    description: Mapping[str, Any],
    sweep_folder: Path,
    name: str,
    combination: Mapping[str, Any],
    logdir: Path,
    index: int | None = None,
) -> RerunCommand | None:
    """Return the command that runs `combination` again, outside of the sweep.

    Args:
        description: `experiment_description.json`, the original tool's too.
        name: the run's, for `${run_name}`.
        logdir: where the rerun logs, as an experiment of its own.
        index: the run's number in the sweep, which the rerun is named after.

    Returns:
        None if the description names no script.
    """
    config = description.get("config", description)
    script = config.get("main_script_name") if isinstance(config, Mapping) else None
    if not isinstance(script, str) or not script or description.get("is_study"):
        return None
    project = find_project(description, sweep_folder)
    folder = None if project is None else str(project.folder)
    run = RunMacros(
        interpreter=str(description.get("executable") or "python"),
        script=Path(folder) / script if isinstance(folder, str) else Path(script),
        folder=sweep_folder,
        logdir=logdir,
        run_dir=Path("${run_dir}"),  # `ml-tracking-ops run` knows it
        name=name,
        combination=combination,
        environment=_AsVariables(),
        style="python" if config.get("values_as") == "python" else "json",
        objects=_texts(config.get("objects")),
        groups=_texts(config.get("groups")),
    )
    command = _command_of(config)
    arguments = [*_run_by_hand(config, run, command), *run.arguments(command)]
    line = " ".join(_quoted(argument) for argument in arguments)
    if config.get("wandb_config") is True:
        variables = client_environment(client_config_path(sweep_folder, name), {})
        line = f"{' '.join(f'{key}={quoted(text)}' for key, text in variables.items())} {line}"
    if index is not None:
        line = f"{_identity(sweep_folder.name, index, combination)} {line}"
    if isinstance(folder, str):
        line = f"cd {shlex.quote(folder)} && {line}"
    return RerunCommand(line, tuple(_notes(description, config, command, logdir)))


def _run_by_hand(config: Mapping[str, Any], run: RunMacros, command: tuple[str, ...]) -> list[str]:
    """Return `ml-tracking-ops run … --`, which provides metrics and a folder beyond a plain
    shell."""
    source, pattern = config.get("metrics_from"), config.get("metrics_pattern")
    options: list[str] = []
    if source == "stdout" and isinstance(pattern, str):
        options = ["--metrics-pattern", pattern]
    elif source == "tensorboard":
        options = ["--metrics-from", "tensorboard"]
        folder = config.get("tensorboard_dir")
        if isinstance(folder, str):
            options += ["--tensorboard-dir", replace_macros(folder, run.value_of)]
    elif not any("${run_dir}" in part for part in command):
        return []
    return ["ml-tracking-ops", "run", "--logdir", str(run.logdir), *options, "--"]


def _identity(sweep: str, index: int, combination: Mapping[str, Any]) -> str:
    """Return the variable that names the rerun and holds its hyperparameters."""
    source: dict[str, Any] = {"sweep": sweep, "run": index, "hyperparameters": dict(combination)}
    text = json.dumps(source, ensure_ascii=False)
    if len(text) > _LONGEST_IDENTITY:
        text = json.dumps({"sweep": sweep, "run": index}, ensure_ascii=False)
    return f"{paths.RERUN_VARIABLE}={quoted(text)}"


def _command_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    return _texts(config.get("command")) or default_command(config.get("metrics_from"))


def _texts(given: object) -> tuple[str, ...]:
    """Return a list of strings, or empty if the description holds something else."""
    if isinstance(given, list) and all(isinstance(part, str) for part in given):
        return tuple(given)
    return ()


def _quoted(argument: str) -> str:
    """Quote a text for a shell, which inserts the values of environment variables itself."""
    parts = _VARIABLE.split(argument)
    texts = [quoted(text) if text or len(parts) == 1 else "" for text in parts[::2]]
    variables = [f'"${{{name}}}"' for name in parts[1::2]]
    return "".join(text + variable for text, variable in zip(texts, [*variables, ""], strict=True))


def quoted(text: str) -> str:
    """Quote a text for a shell, with control characters escaped: a terminal obeys some when
    pasted."""
    if text.isprintable() or not _CONTROL.search(text):
        return shlex.quote(text)
    spelled = text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "")
    return "$'" + _CONTROL.sub(lambda match: _escape(match[0]), spelled) + "'"


def _escape(character: str) -> str:
    """Escape a character as a shell's `$'…'` does. Half a surrogate pair is a byte of a name."""
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    # bytes, since `\\u` is not interpreted in the C locale
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def _notes(
    description: Mapping[str, Any],
    config: Mapping[str, Any],
    command: tuple[str, ...],
    logdir: Path,
) -> list[str]:
    notes = []
    if not isinstance(description.get("folder"), str):
        notes.append(
            "The original tool recorded neither the folder nor the interpreter: run it in the "
            "folder of the script."
        )
    has_source = config.get("metrics_from") in ("stdout", "tensorboard")
    has_folder = any("${run_dir}" in part for part in command)
    if has_source or has_folder or any("${logdir}" in part for part in command):
        notes.append(f"It logs to {logdir}, as an experiment of its own.")
    if has_folder:
        notes.append("Its own files go to a folder of that experiment.")
    notes += _rule_notes(config)
    notes += _environment_notes(description, config)
    git = description.get("git")
    if isinstance(git, Mapping) and git.get("commit"):
        changes = " with changes that were not committed" if git.get("is_dirty") else ""
        notes.append(f"The code was at git commit {str(git['commit'])[:10]}{changes}.")
    return notes


def _rule_notes(config: Mapping[str, Any]) -> list[str]:
    """Return notes on the rules of the sweep that no longer apply."""
    given = config.get("stopping_rules")
    rules = [rule for rule in given if isinstance(rule, Mapping)] if isinstance(given, list) else []
    named = [rule.get("rule") for rule in rules]
    kept = ["early_stopping"] if config.get("early_stopping") is True else []
    kept += [name for name in named if isinstance(name, str)]
    if config.get("optimization_metric") is not None and config.get("check_finite") is not False:
        kept.append("check_finite")
    kept += [key for key in ("timeout_s", "retries") if config.get(key)]
    if not kept:
        return []
    return [f"Rules of the sweep no longer apply to it: {', '.join(kept)}."]


def _environment_notes(description: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """Return a note on the variables that the sweep set. Their values may be secret and are not
    shown."""
    own = config.get("environment")
    notes = []
    if isinstance(own, Mapping) and own:
        where = description.get("config_path") or "the configuration"
        names = ", ".join(map(str, own))
        notes.append(f"The sweep set {names} too: the values are in {where}.")
    if isinstance(description.get("folder"), str):
        host = description.get("host")
        where = f" on {host}" if host else ""
        notes.append(
            f"It ran{where} with the environment of the sweep's shell, which is not recorded, "
            "and with its slot's share of the CPU threads and GPUs."
        )
    return notes
