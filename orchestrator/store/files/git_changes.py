"""Find out later from the files whether code differed from its commit when a run began.

A file that differs from the commit, and that was last written before the run began, differed then.
git compares. It gets a folder of its own, with only the index and the objects of the checkout, so
that nothing in the checkout's settings (filters, monitors, hooks) is ever started.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger import git_commit

_TIMEOUT_S = 10
_SETTINGS = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"


@dataclass(frozen=True)
class TreeChanges:
    """Attributes:
    n_before: files that differ from the commit and are older than the run.
    n_since: files that differ and were written since. Their content at that time is not known.
    """

    n_before: int
    n_since: int


def find_changes(folder: str, commit: str, started_at: float) -> TreeChanges | None:
    """Find what differs from `commit` in the checkout around `folder`. None if git cannot find out.

    Files that are gone and files that git does not track are left out.
    """
    checkout = git_commit.checkout_of(folder)
    if checkout is None or not git_commit.is_hash(commit):
        return None
    top, git = checkout
    try:
        with tempfile.TemporaryDirectory(prefix="ml-tracking-ops-") as own:
            _fill(Path(own), git, commit)
            _git(own, top, "update-index", "-q", "--refresh")
            out = _git(own, top, "diff-index", "--name-only", "--ignore-submodules", "-z", commit)
    except (OSError, subprocess.SubprocessError):
        return None
    return None if out is None else _sorted_by_time(top, out, started_at)


def _fill(own: Path, git: str, commit: str) -> None:
    (own / "refs").mkdir()
    (own / "objects" / "info").mkdir(parents=True)
    objects = Path(git_commit.common_folder(git), "objects")
    (own / "objects" / "info" / "alternates").write_bytes(os.fsencode(objects) + b"\n")
    (own / "HEAD").write_text(f"{commit}\n")
    (own / "config").write_text(_SETTINGS)
    shutil.copyfile(Path(git, "index"), own / "index")


def _git(own: str, top: str, *arguments: str) -> bytes | None:
    """Return the output of git, or None if it fails, as a refresh does that finds changes."""
    known = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    none = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", f"--git-dir={own}", f"--work-tree={top}", *arguments],
        cwd=top,
        env={**known, **none, "GIT_TERMINAL_PROMPT": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None


def _sorted_by_time(top: str, names: bytes, started_at: float) -> TreeChanges:
    n_before = n_since = 0
    for name in filter(None, names.split(b"\0")):
        try:
            is_before = Path(top, os.fsdecode(name)).lstat().st_mtime <= started_at
        except OSError:
            continue
        n_before += is_before
        n_since += not is_before
    return TreeChanges(n_before, n_since)
