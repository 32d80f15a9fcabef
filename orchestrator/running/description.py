"""`experiment_description.json`: what was asked of a sweep, written once, atomically."""

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import git_commit as checkouts
from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.run_record import hide_secrets as hide_arguments

from ..commands.secrets import holds_values, replace_secrets
from ..config.validation import LoadedConfig
from ..store.files.machine import machine_digest
from ..store.files.open_folder import opened_folder

FORMAT_VERSION = 1
_GIT_TIMEOUT_S = 5
_COMMIT = "# branch.oid "


def sweep_description(
    loaded: LoadedConfig, seed: int, n_workers: int, sweep_folder: Path
) -> dict[str, Any]:
    """All that is needed to understand and repeat a sweep. The environment is left out."""
    in_file = loaded.max_runs_in_file
    return {
        "format_version": FORMAT_VERSION,
        "created_at": round(time.time(), 6),
        "config": replace_secrets(loaded.source),
        "config_path": None if loaded.path is None else str(loaded.path),
        "folder": str(loaded.folder),
        "sweep_folder": str(sweep_folder),
        "seed": seed,
        "n_workers": n_workers,
        "command": hide_arguments(sys.argv, also="--notify"),
        "python": platform.python_version(),
        "executable": sys.executable,
        "package_version": package_version(),
        "git": git_commit(loaded.folder),
        "host": platform.node(),
        "machine": machine_digest(),
        **({} if in_file is None else {"max_runs_in_file": in_file}),
    }


def package_version() -> str | None:
    try:
        return version("ml-tracking-ops")
    except PackageNotFoundError:
        return None


def git_commit(folder: Path) -> dict[str, Any] | None:
    """The commit checked out in `folder`, and whether anything differs from it.

    None means no git.
    """
    if not may_be_checkout(folder):
        return None
    status = _git(folder, "status", "--porcelain=v2", "--branch", "-uno")
    lines = (status or "").splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith(_COMMIT)), None)
    if commit is None or not checkouts.is_hash(commit):
        return None
    return {"commit": commit, "is_dirty": any(not line.startswith("#") for line in lines)}


def may_be_checkout(folder: Path) -> bool:
    """Whether git is worth asking: starting it takes as long as some runs do."""
    return "GIT_DIR" in os.environ or checkouts.checkout_of(str(folder.resolve())) is not None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def write_atomically(path: Path, text: str, mode: int = paths.FILE_MODE) -> None:
    """Write a file so that a reader sees all of it or nothing.

    Raises:
        OSError: it cannot be written. Nothing is left behind.
    """
    with opened_folder(path.parent) as folder:
        folder.write(path.name, text, mode)


def write_description(folder: Path, description: dict[str, Any]) -> None:
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    mode = paths.PRIVATE_MODE if holds_values(description["config"]) else paths.FILE_MODE
    write_atomically(folder / paths.DESCRIPTION_NAME, text, mode)
