"""The contract with a training script: how a run is started."""

import json
import os
import sys
from pathlib import Path

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import open_guarded

from ..commands.arguments import DEFAULT_COMMAND, RunMacros
from ..commands.macros import replace_macros
from ..config.validation import LoadedConfig
from ..executors.base import RunCommand
from ..search.samplers import Combination


def command_line(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination
) -> tuple[str, ...]:
    """The argument list that starts one run; each value arrives whole, whatever it begins with."""
    run = _macros(loaded, folder, name, combination)
    return run.arguments(loaded.config.command or DEFAULT_COMMAND)


def _macros(loaded: LoadedConfig, folder: Path, name: str, combination: Combination) -> RunMacros:
    return RunMacros(
        interpreter=sys.executable,
        script=loaded.script,
        folder=folder,
        logdir=folder,
        name=name,
        combination=combination,
        environment=os.environ,
        style=loaded.config.values_as,
        objects=loaded.config.objects,
    )


def run_command(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination
) -> RunCommand:
    """How to start the run `name` in a sweep's folder."""
    run = _macros(loaded, folder, name, combination)
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
        passed = _macros(loaded, folder, name, combination).passed
        path = folder / f"{name}{paths.ARGUMENTS_SUFFIX}"
        fd = open_guarded(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(json.dumps(passed, ensure_ascii=False) + "\n")
