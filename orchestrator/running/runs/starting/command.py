"""The contract with a training script: how a run is started."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import open_guarded

from ....commands.arguments import RunMacros, default_command
from ....commands.macros import replace_macros
from ....config.validation import LoadedConfig
from ....executors.base import RunCommand
from ....search.samplers import Combination
from ....store.run_record import RunRecord
from ..attempts import Attempt


def command_line(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination
) -> tuple[str, ...]:
    """Return the argument list that starts one run. Each value is passed unchanged."""
    run = _macros(loaded, folder, name, combination, name)
    return run.arguments(loaded.config.command or default_command(loaded.config.metrics_from))


def _macros(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination, first_name: str
) -> RunMacros:
    return RunMacros(
        interpreter=sys.executable,
        script=loaded.script,
        folder=folder,
        logdir=folder,
        run_dir=folder / f"{first_name}{paths.RUN_FOLDER_SUFFIX}",
        name=name,
        combination=combination,
        environment=os.environ,
        style=loaded.config.values_as,
        objects=loaded.config.objects,
        groups=loaded.config.groups,
    )


def tensorboard_folder(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination, first_name: str
) -> Path | None:
    """Return the folder of a run's event files, if metrics come from there."""
    if loaded.config.metrics_from != "tensorboard":
        return None
    run = _macros(loaded, folder, name, combination, first_name)
    return loaded.folder / replace_macros(loaded.config.tensorboard_dir, run.value_of)


def run_command(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination, first_name: str
) -> RunCommand:
    """Return the command for the run `name` in a sweep's folder.

    Args:
        first_name: of the first attempt at it, whose folder for files all attempts share.
    """
    run = _macros(loaded, folder, name, combination, first_name)
    config = loaded.config
    own = {key: replace_macros(text, run.value_of) for key, text in config.environment.items()}
    if config.wandb_config:
        from ....commands.wandb_client import client_config_path, client_environment

        path = client_config_path(folder, name)
        own = {**client_environment(path, {**os.environ, **own}), **own}
    return RunCommand(
        arguments=run.arguments(config.command or default_command(config.metrics_from)),
        folder=loaded.folder,
        environment={
            "PYTHONUNBUFFERED": "1",
            **own,
            paths.RUN_FILE_VARIABLE: str(folder / f"{name}{paths.DAT_SUFFIX}"),
            paths.RUN_NAME_VARIABLE: name,
            paths.RUN_DIR_VARIABLE: str(run.run_dir),
            paths.HYPERPARAMETERS_VARIABLE: json.dumps(run.nested),
        },
        output_path=folder / f"{name}{paths.LOG_SUFFIX}",
    )


def write_arguments(
    loaded: LoadedConfig, folder: Path, name: str, combination: Combination, first_name: str
) -> None:
    """Write the files that a run reads: for `${args_json_file}`, and for W&B's client.

    The folder that `${run_dir}` names is made too.

    Raises:
        OSError: it cannot be written.
    """
    config = loaded.config
    texts = [*(config.command or ()), *config.environment.values()]
    texts += [config.tensorboard_dir] if config.metrics_from == "tensorboard" else []
    if not config.wandb_config and not any("${" in text for text in texts):
        return
    run = _macros(loaded, folder, name, combination, first_name)
    passed = run.nested
    if any("${args_json_file}" in text for text in texts):
        text = json.dumps(passed, ensure_ascii=False) + "\n"
        _write(folder / f"{name}{paths.ARGUMENTS_SUFFIX}", text)
    if any("${run_dir}" in text for text in texts):
        paths.make_folders(str(run.run_dir))
    if loaded.config.wandb_config:
        from ....commands.wandb_client import client_config, client_config_path

        _write(client_config_path(folder, name), client_config(passed))


def _write(path: Path, text: str) -> None:
    fd = open_guarded(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)


def earlier_names(run: RunRecord | None) -> list[str]:
    """Return the names of the attempts that were started before this one."""
    return [] if run is None or run.name is None else [*run.previous_names, run.name]


def for_attempt(
    command: RunCommand, attempt: Attempt, slot: int, folder: Path, run: RunRecord | None
) -> RunCommand:
    """Return `command`, with the attempt's number for the script and for the record."""
    earlier = earlier_names(run)
    name = command.output_path.stem
    environment = {
        paths.ATTEMPT_VARIABLE: str(attempt.number),
        paths.PREVIOUS_RUN_FILES_VARIABLE: json.dumps(
            [str(folder / f"{stem}{paths.DAT_SUFFIX}") for stem in earlier]
        ),
    }
    return replace(
        command,
        environment={**command.environment, **environment},
        record_path=folder / paths.PROCESSES_NAME,
        marker=paths.RUN_FILE_VARIABLE,
        tag={"name": name, "index": attempt.index, "attempt": attempt.number, "slot": slot},
    )
