"""The page of a run by hand says whether its code differed from the commit."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pages import Client

SCRIPT = """\
import sys
from ml_tracking_ops.logger import ExperimentLogger
with ExperimentLogger(sys.argv[1]) as writer:
    writer.add_scalar("loss", 1.0, 1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True, timeout=60)
    return folder


def state_of_run(client: Client, logdir: Path, project: Path) -> str:
    """Return the git state of the only run, which starts now."""
    command = [sys.executable, project / "train.py", str(logdir)]
    subprocess.run(command, cwd=project, check=True, timeout=60)
    [folder] = logdir.iterdir()
    page = client.get(f"/runs/{folder.name}").text
    assert f'hx-get="/git/{folder.name}"' in page
    return client.get(f"/git/{folder.name}").text


def test_changes_older_than_the_run_are_reported(
    client: Client, logdir: Path, project: Path
) -> None:
    (project / "train.py").write_text(SCRIPT + "# changed")
    at = time.time() - 100
    os.utime(project / "train.py", (at, at))
    message = state_of_run(client, logdir, project)
    assert "+ uncommitted changes" in message
    assert "1 file differed" in message


def test_clean_checkout_shows_no_changes(client: Client, logdir: Path, project: Path) -> None:
    assert state_of_run(client, logdir, project) == ""


def test_copied_log_is_not_checked_for_a_lock(client: Client, logdir: Path, project: Path) -> None:
    state_of_run(client, logdir, project)
    [folder] = logdir.iterdir()
    subprocess.run(["cp", "-r", folder, logdir / "copy"], check=True, timeout=60)
    assert "git-state" not in client.get("/runs/copy").text
    assert client.get("/git/copy").text == ""
    assert client.get("/git/none").status_code == 404
