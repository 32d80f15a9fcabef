"""What a sweep keeps of the code that it ran."""

import stat
import subprocess
from pathlib import Path

from sweeps import run_command, write_config

from ml_tracking_ops.orchestrator.running import code_state
from ml_tracking_ops.orchestrator.running.code_state import installed_packages, uncommitted_changes


def repository(folder: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", folder, *command], check=True, timeout=60)


def test_a_sweep_keeps_uncommitted_changes_and_packages(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=1)
    (tmp_path / "weights.bin").write_bytes(b"\0\1")
    repository(tmp_path)
    with (tmp_path / "short.py").open("a") as script:
        script.write("# a change\n")
    (tmp_path / "weights.bin").write_bytes(b"\0\2")

    assert run_command("sweep", folder=tmp_path).returncode == 0

    (sweep,) = (tmp_path / "runs").iterdir()
    changes = sweep / "changes.diff"
    assert "+# a change" in changes.read_text()
    assert "Binary files a/weights.bin and b/weights.bin differ" in changes.read_text()
    assert stat.S_IMODE(changes.stat().st_mode) == 0o600
    packages = (sweep / "packages.txt").read_text().splitlines()
    assert any(line.startswith("pydantic==2") for line in packages)
    assert run_command("delete", "--yes", sweep.name, folder=tmp_path).returncode == 0
    assert not sweep.exists()


def test_long_changes_are_cut_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    repository(tmp_path)
    (tmp_path / "a.txt").write_text("line\n" * (code_state.MOST_CHANGES_BYTES // 4))

    changes = uncommitted_changes(tmp_path)

    assert "bytes more are not kept" in changes
    assert len(changes) < code_state.MOST_CHANGES_BYTES + 100


def test_without_git_there_are_no_changes(tmp_path: Path) -> None:
    assert uncommitted_changes(tmp_path) == ""
    assert installed_packages() == sorted(installed_packages(), key=str.lower)
