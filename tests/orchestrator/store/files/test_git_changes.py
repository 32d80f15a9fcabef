"""Whether code differed from its commit when a run began: real checkouts, real git."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from ml_tracking_ops.logger import git_commit
from ml_tracking_ops.orchestrator.store.files.git_changes import TreeChanges, find_changes

AGO_S = 1_000.0


def git(folder: Path, *arguments: str) -> None:
    own = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(
        ["git", "-C", folder, *own, *arguments], check=True, capture_output=True, timeout=60
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    for name in ("train.py", "src/model.py"):
        (folder / name).write_text("lr = 1\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def found(folder: Path, started_at: float, commit: str | None = None) -> TreeChanges | None:
    commit = commit or git_commit.find_commit(str(folder))
    assert commit is not None
    return find_changes(str(folder), commit, started_at)


def write_before(path: Path, text: str) -> None:
    path.write_text(text)
    at = time.time() - AGO_S
    os.utime(path, (at, at))


def test_untouched_checkout_was_clean(checkout: Path) -> None:
    (checkout / "unknown.txt").write_text("x")
    changes = found(checkout / "src", time.time())
    assert changes == TreeChanges(0, 0)


def test_change_before_the_run_counts(checkout: Path) -> None:
    write_before(checkout / "src" / "model.py", "lr = 2\n")
    changes = found(checkout, time.time() - AGO_S / 2)
    assert changes == TreeChanges(1, 0)


def test_change_since_the_run_proves_nothing(checkout: Path) -> None:
    (checkout / "train.py").write_text("lr = 3\n")
    changes = found(checkout, time.time() - AGO_S)
    assert changes == TreeChanges(0, 1)


def test_change_that_was_committed_since_is_still_found(checkout: Path) -> None:
    first = git_commit.find_commit(str(checkout))
    write_before(checkout / "train.py", "lr = 2\n")
    git(checkout, "commit", "-qam", "second")
    changes = found(checkout, time.time() - AGO_S / 2, first)
    assert changes == TreeChanges(1, 0)


def test_touched_file_is_no_change_and_staged_one_is(checkout: Path) -> None:
    write_before(checkout / "train.py", "lr = 1\n")
    assert found(checkout, time.time()) == TreeChanges(0, 0)
    write_before(checkout / "train.py", "lr = 5\n")
    git(checkout, "add", "train.py")
    assert found(checkout, time.time()) == TreeChanges(1, 0)


def test_worktree_is_compared_too(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", str(tmp_path / "other"))
    write_before(tmp_path / "other" / "train.py", "lr = 2\n")
    assert found(tmp_path / "other", time.time()) == TreeChanges(1, 0)


def test_programs_named_by_a_checkout_are_not_started(checkout: Path, tmp_path: Path) -> None:
    harm = f"touch {tmp_path / 'harm'}"
    (checkout / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    for key in ("core.fsmonitor", "filter.evil.clean", "diff.evil.textconv", "diff.external"):
        git(checkout, "config", key, harm)
    write_before(checkout / "train.py", "lr = 2\n")
    (tmp_path / "harm").unlink(missing_ok=True)
    changes = found(checkout, time.time())
    assert changes == TreeChanges(1, 0)
    assert not (tmp_path / "harm").exists()


def test_uncomparable_files_are_not_reported(checkout: Path, tmp_path: Path) -> None:
    assert found(checkout, time.time(), "0" * 40) is None
    assert found(checkout, time.time(), f"--output={tmp_path / 'written'}") is None
    assert not (tmp_path / "written").exists()
    assert find_changes(str(tmp_path), "0" * 40, 0.0) is None
    (checkout / ".git" / "index").write_bytes(b"damaged")
    assert found(checkout, time.time()) is None
