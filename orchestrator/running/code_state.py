"""What a sweep keeps, once, of the code that it ran: uncommitted changes and installed packages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ml_tracking_ops.logger import paths

from ..store.files.open_folder import OpenFolder, opened_folder
from .description import may_be_checkout

MOST_CHANGES_BYTES = 1_000_000
_GIT_TIMEOUT_S = 5


def keep_code_state(folder: Path, sweep_folder: Path) -> None:
    """Write `changes.diff`, where git knows of changes, and `packages.txt`.

    Raises:
        OSError: they cannot be written.
    """
    with opened_folder(sweep_folder) as opened:
        _keep_changes(folder, opened)
        opened.write(paths.PACKAGES_NAME, "".join(f"{line}\n" for line in installed_packages()))


def _keep_changes(folder: Path, opened: OpenFolder) -> None:
    changes = uncommitted_changes(folder)
    if changes:
        opened.write(paths.CHANGES_NAME, changes, paths.PRIVATE_MODE)


def uncommitted_changes(folder: Path) -> str:
    """What `git diff HEAD` says, at most 1 MB of it. Binary files are named only.

    Empty where nothing was changed, or there is no git.
    """
    if not may_be_checkout(folder):
        return ""
    command = ["git", "-C", str(folder), "diff", "HEAD", "--no-color", "--no-ext-diff"]
    variables = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_GIT_TIMEOUT_S, check=True, env=variables
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    text = done.stdout[:MOST_CHANGES_BYTES].decode("utf-8", "replace")
    n_more = len(done.stdout) - MOST_CHANGES_BYTES
    return f"{text}\n… {n_more} bytes more are not kept\n" if n_more > 0 else text


def installed_packages() -> list[str]:
    """``name==version`` of every package that this interpreter finds, sorted.

    Told from the names of the packages' metadata folders: reading these takes 100 times as long.
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
