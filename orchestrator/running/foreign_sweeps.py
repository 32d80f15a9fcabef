"""Sweeps that somebody else may have begun: resuming one runs the command in its folder."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.guarded import open_guarded

from ..commands.project import Project, find_project
from ..commands.rerun import quoted
from ..commands.secrets import replace_secrets
from ..config.loading import load_config
from ..errors import ConfigError
from ..store.catalog import find_item
from ..store.files.machine import is_of_this_machine
from ..store.sweep_folder import Sweep

_RUN_KEYS = ("main_script_name", "command", "environment")


def resume_question(path: str, logdir: Path) -> str | None:
    """Return a question to ask before a sweep is resumed, or None if the user's own configuration
    is the same.

    Raises:
        UsageError: as `store.catalog.find_item`.
    """
    found = find_item(path, logdir)
    if not isinstance(found, Sweep) or found.is_legacy:
        return None  # opening it reports why it cannot be resumed
    project = _project_of(found)
    script = str(found.config.get("main_script_name"))
    if project is not None and project.has_moved and not (project.folder / script).is_file():
        return None  # likewise
    why = _why_strange(found)
    if why is None:
        return None
    command = found.config.get("command")
    named = command if isinstance(command, list) else [found.config.get("main_script_name")]
    what = " ".join(quoted(str(part)) for part in named)
    where = quoted(str(found.description.get("folder") if project is None else project.folder))
    return f"{why}. Resuming it runs {what} in {where} with your rights. Continue?"


def _why_strange(sweep: Sweep) -> str | None:
    if _owner(sweep.path / paths.DESCRIPTION_NAME) not in (None, os_files.user_id()):
        return f"another user started {sweep.name}"
    path = sweep.description.get("config_path")
    is_of_here = is_of_this_machine(sweep.description.get("machine"))
    if path is None and is_of_here:
        return (
            None if _owner(sweep.path) in (None, os_files.user_id()) else "another user started it"
        )
    project = _project_of(sweep)
    # otherwise it is a stranger's project
    if path is not None and project is not None and is_of_here:
        path = project.path_now(str(path), sweep.description)
    own = None if path is None else _own_source(Path(str(path)))
    if own is None:
        return f"the configuration of {sweep.name} is not here"
    if any(own.get(key) != sweep.config.get(key) for key in _RUN_KEYS):
        return f"the command of {sweep.name} differs from {path}"
    return None


def _project_of(sweep: Sweep) -> Project | None:
    return find_project(sweep.description, sweep.path.resolve())


def _own_source(path: Path) -> Mapping[str, Any] | None:
    """Return the content of the user's own file, or None if it cannot be read."""
    if not path.is_file() or _owner(path) not in (None, os_files.user_id()):
        return None
    try:
        return replace_secrets(load_config(path).source)
    except ConfigError:
        return None


def _owner(path: Path) -> int | None:
    """Return the user whose file it is, or None if the system has no such numbers."""
    if os_files.user_id() is None:
        return None
    try:
        fd = open_guarded(path, os_files.READ)
    except OSError:
        return -1
    try:
        status = os.fstat(fd)
        return status.st_uid if stat.S_IFMT(status.st_mode) else -1
    finally:
        os.close(fd)
