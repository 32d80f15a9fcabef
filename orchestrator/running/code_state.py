"""The state of the code that a sweep ran, kept once: uncommitted changes and installed packages."""

import os
import subprocess
from pathlib import Path

from ml_tracking_ops.logger import paths

from ..store.files.open_folder import OpenFolder, opened_folder
from .description import installed_packages, may_be_checkout

MOST_CHANGES_BYTES = 1_000_000
_GIT_TIMEOUT_S = 5


def keep_code_state(folder: Path, sweep_folder: Path) -> None:
    """Write `changes.diff`, if git reports changes, and `packages.txt`.

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
    """Return the output of `git diff HEAD`, at most 1 MB of it. Binary files are only named.

    Empty if nothing was changed, or there is no git.
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
