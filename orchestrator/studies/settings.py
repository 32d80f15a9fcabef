"""The settings of a study → those of a sweep."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..commands.settings import RunSettings
from ..config.validation import LoadedConfig, validate_config
from ..errors import UsageError

NO_COMMAND = "(a program asks for runs)"
_OF_OTHERS = frozenset(RunSettings.model_fields) | {"executor", "main_script_name", "confirm"}


def load_study(settings: Mapping[str, Any]) -> LoadedConfig:
    """Validate the settings of a study.

    Raises:
        UsageError: a setting belongs to sweeps that start runs themselves.
        ConfigError: a setting is wrong; all mistakes are named.
    """
    wrong = sorted(set(settings) & _OF_OTHERS)
    if wrong:
        raise UsageError(
            f"{', '.join(wrong)}: belongs to a sweep that starts its runs itself; in a study your "
            "program does"
        )
    rules = settings.get("stopping_rules")
    if isinstance(rules, list) and any(
        isinstance(rule, Mapping) and rule.get("resume") for rule in rules
    ):
        raise UsageError("asha with resume pauses processes; a study has none: leave resume out")
    program = Path(sys.argv[0] or "program").name if hasattr(sys, "argv") else "program"
    source = {
        "main_script_name": program,
        "command": [NO_COMMAND],
        "early_stopping": False,
        **settings,
    }
    return validate_config(source, Path.cwd(), "the settings")
