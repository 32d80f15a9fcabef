"""The settings of a run: what it logged as its configuration, and what its sweep chose."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..store.catalog import FoundRun
from ..store.experiments import Experiment
from ..store.run_details import config_of, is_chosen

_OF_SWEEPS = ("command", "folder", "host", "python", "executable", "package_version")


def settings_of(found: Experiment | FoundRun) -> dict[str, Any]:
    """The settings with dotted names. Those of the sweep count where the script logs them too."""
    if isinstance(found, Experiment):
        return dict(config_of(found.dat_path))
    path = found.sweep.dat_path(found.run)
    return {**logged_besides(path, found.run.hyperparameters), **found.run.hyperparameters}


def logged_besides(dat_path: Path | None, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What a run of a sweep logged as its configuration besides its hyperparameters."""
    if dat_path is None:
        return {}
    config = config_of(dat_path)
    return {name: value for name, value in config.items() if not is_chosen(name, chosen)}


def sweep_environment(description: Mapping[str, Any]) -> dict[str, Any]:
    """How and where a sweep was started, under the names that a run by hand has them by."""
    git = description.get("git")
    git = git if isinstance(git, Mapping) else {}
    found = {
        **{key: description.get(key) for key in _OF_SWEEPS},
        "git_commit": git.get("commit"),
        "git_is_dirty": git.get("is_dirty"),
    }
    return {name: value for name, value in found.items() if value is not None}


def setting_column(name: str, taken: Collection[str]) -> str:
    """The name of a setting's column: `config.name` if the table has a column `name` of its own."""
    return f"config.{name}" if name in taken else name
