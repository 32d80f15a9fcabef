"""Make validated settings of a sweep from a function and the keys of a configuration."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import open_guarded

from ..config.validation import LoadedConfig, validate_config
from ..errors import UsageError
from .naming import NamedFunction, name_function
from .runner import RUNNING_VARIABLE

_OWN_KEYS = ("command", "main_script_name")


def load_function(
    function: Callable[..., Any], settings: Mapping[str, Any]
) -> tuple[LoadedConfig, NamedFunction]:
    """Return the configuration of a sweep whose runs call a function.

    Args:
        settings: keys of a configuration. `early_stopping` is false by default.

    Raises:
        UsageError: no other process can get or call the function, or this is a process that a
            sweep started to call one.
        ConfigError: a setting is wrong. All mistakes are named.
    """
    if (running := os.environ.get(RUNNING_VARIABLE)) is not None:
        raise UsageError(
            f"run_sweep() is called again where a run imports {running}: put the call under "
            'if __name__ == "__main__":'
        )
    given = next((key for key in _OWN_KEYS if key in settings), None)
    if given is not None:
        raise UsageError(f"{given} belongs to a sweep of a script. This one calls a function")
    names = settings.get("hyperparameters")
    if not isinstance(names, Mapping):
        raise UsageError(_without_hyperparameters(settings))
    named = name_function(function, names)
    metric = settings.get("optimization_metric")
    source = {
        "main_script_name": named.label,
        "command": named.command(metric if isinstance(metric, str) else None),
        "early_stopping": False,
        **settings,
    }
    return validate_config(source, Path.cwd(), "the settings"), named


def _without_hyperparameters(settings: Mapping[str, Any]) -> str:
    """Explain that a sweep of a function needs a search space, and what was given."""
    if "hyperparameters" in settings:
        given = repr(settings["hyperparameters"])
    else:
        given = f"only {', '.join(settings)}" if settings else "no settings"
    return (
        f"a sweep of a function needs hyperparameters, a mapping, got {given}. Write "
        'run_sweep(train, hyperparameters={"lr": {"type": "uniform", "min": 0, "max": 1}}, …)'
    )


def keep_function(named: NamedFunction, sweep_folder: Path) -> None:
    """Write a function that has no name elsewhere into the folder of its sweep.

    Raises:
        OSError: it cannot be written.
    """
    if named.pickled is None:
        return
    path = sweep_folder / paths.FUNCTION_NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(open_guarded(path, flags, paths.PRIVATE_MODE), "wb") as file:
        file.write(named.pickled)
