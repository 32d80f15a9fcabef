"""Convert the settings of a study to those of a sweep, and create the folder of a new one."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from ..commands.settings import RunSettings
from ..config.validation import LoadedConfig, validate_config
from ..errors import SweepError, UsageError
from ..running.code_state import keep_code_state
from ..running.description import sweep_description, write_description
from ..store.journal import Journal

NO_COMMAND = "(a program asks for runs)"
_OF_OTHERS = frozenset(RunSettings.model_fields) | {"executor", "main_script_name", "confirm"}


def load_study(settings: Mapping[str, Any]) -> LoadedConfig:
    """Validate the settings of a study.

    Raises:
        UsageError: a setting belongs to sweeps that start runs themselves.
        ConfigError: a setting is wrong. All mistakes are named.
    """
    wrong = sorted(set(settings) & _OF_OTHERS)
    if wrong:
        raise UsageError(
            f"{', '.join(wrong)}: belongs to a sweep that starts its runs itself. In a study your "
            "program does"
        )
    rules = settings.get("stopping_rules")
    if isinstance(rules, list) and any(
        isinstance(rule, Mapping) and rule.get("resume") for rule in rules
    ):
        raise UsageError("asha with resume pauses processes. A study has none. Leave out resume")
    program = Path(sys.argv[0] or "program").name if hasattr(sys, "argv") else "program"
    source = {
        "main_script_name": program,
        "command": [NO_COMMAND],
        "early_stopping": False,
        **settings,
    }
    return validate_config(source, Path.cwd(), "the settings")


def new_study_folder(
    loaded: LoadedConfig,
    seed: int,
    workers: int,
    logdir: Path,
    on_trouble: Callable[[str], None],
) -> tuple[Path, Journal]:
    """Create the folder of a new study in `logdir`, with its description and its journal.

    Raises:
        SweepError: it cannot be written.
    """
    try:
        top = str(logdir.expanduser().resolve())
        folder = Path(paths.create_unique_folder(top, paths.timestamp()))
        description = sweep_description(loaded, seed, workers, folder)
        write_description(folder, {**description, "is_study": True})
        keep_code_state(loaded.folder, folder)
        return folder, Journal(folder / paths.JOURNAL_NAME, on_trouble)
    except OSError as error:
        raise SweepError(f"cannot write the study's folder in {logdir}: {error}") from error
