"""`experiment_description.json`: the configuration of a sweep, written once, atomically."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import git_commit as checkouts
from ml_tracking_ops.logger import os_files, paths
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
    """Return everything needed to understand and reproduce a sweep, except the environment."""
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
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "package_version": package_version(),
        "git": git_commit(loaded.folder),
        "host": os_files.host_name(),
        "machine": machine_digest(),
        **({} if in_file is None else {"max_runs_in_file": in_file}),
    }


def package_version() -> str | None:
    ours = (one.partition("==") for one in installed_packages())
    return next((version for name, _, version in ours if name == "ml_tracking_ops"), None)


def installed_packages() -> list[str]:
    """Return ``name==version`` of every package that this interpreter finds, sorted.

    The names of the packages' metadata folders suffice: reading these takes 100 times as long.
    """
    return sorted(set(_packages()), key=str.lower)


def _packages() -> Iterator[str]:
    for entry in sys.path:
        try:
            names = os.listdir(entry or ".")  # noqa: PTH208
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info"):
                package, _, version = name.removesuffix(".dist-info").rpartition("-")
                if package:
                    yield f"{package}=={version}"


def git_commit(folder: Path) -> dict[str, Any] | None:
    """Return the commit checked out in `folder`, and whether anything differs from it.

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
    """Return whether git is worth asking: starting it takes as long as some runs do."""
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
        OSError: it cannot be written. No part of it remains.
    """
    with opened_folder(path.parent) as folder:
        folder.write(path.name, text, mode)


def write_description(folder: Path, description: dict[str, Any]) -> None:
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    mode = paths.PRIVATE_MODE if holds_values(description["config"]) else paths.FILE_MODE
    write_atomically(folder / paths.DESCRIPTION_NAME, text, mode)
