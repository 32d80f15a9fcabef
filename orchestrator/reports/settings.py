"""The settings of a run: its logged configuration, and what its sweep chose."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..store.catalog import FoundRun
from ..store.experiments import Experiment
from ..store.run_details import config_of, is_chosen

_OF_SWEEPS = ("command", "folder", "host", "python", "executable", "package_version")


def settings_of(found: Experiment | FoundRun) -> dict[str, Any]:
    """Return the settings with dotted names. Those of the sweep win over those that the script
    logs."""
    if isinstance(found, Experiment):
        return dict(config_of(found.dat_path))
    path = found.sweep.dat_path(found.run)
    return {**logged_besides(path, found.run.hyperparameters), **found.run.hyperparameters}


def logged_besides(dat_path: Path | None, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that a run of a sweep logged besides its hyperparameters."""
    if dat_path is None:
        return {}
    config = config_of(dat_path)
    return {name: value for name, value in config.items() if not is_chosen(name, chosen)}


def sweep_environment(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return how and where a sweep was started, under the names used for a run started by hand."""
    git = description.get("git")
    git = git if isinstance(git, Mapping) else {}
    found = {
        **{key: description.get(key) for key in _OF_SWEEPS},
        "git_commit": git.get("commit"),
        "git_is_dirty": git.get("is_dirty"),
    }
    return {name: value for name, value in found.items() if value is not None}


def setting_column(name: str, taken: Collection[str]) -> str:
    """Return the name of a setting's column: `config.name` if the table already has a column
    `name`."""
    return f"config.{name}" if name in taken else name
