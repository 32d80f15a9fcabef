"""Who may continue a sweep: locks, other machines, detached orchestrators, and refusals."""

import json
import os
import platform
import re
from pathlib import Path

import pytest
from sweeps import (
    choice,
    kill_orchestrator,
    run_command,
    start_command,
    start_sweep,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.orchestrator import SweepHeldError, UsageError, resume, run_sweep
from ml_tracking_ops.orchestrator.running import begun_sweep
from ml_tracking_ops.orchestrator.store.journal import Journal, JournalTail

X = {"type": "uniform", "min": 0, "max": 1}


def test_second_orchestrator_is_refused_with_the_holder(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(flag))}
    )
    sweep = start_sweep(tmp_path, "--workers", "1")
    folder = sweep_folder(tmp_path / "runs")
    before = (folder / "journal.jsonl").read_bytes()
    done = run_command("sweep", "--resume", folder, folder=tmp_path)
    assert done.returncode == 1
    assert f"process {sweep.pid} on {platform.node()} is running this sweep" in done.stderr
    assert (folder / "journal.jsonl").read_bytes() == before
    flag.touch()
    assert sweep.wait(60) == 0


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """The folder of a sweep whose orchestrator on another machine has not signed off."""
    config = write_config(tmp_path, "short.py", max_runs=1)
    folder = run_sweep(config, logdir=tmp_path / "runs").folder
    journal = folder / "journal.jsonl"
    events = JournalTail(journal).read()[:-1]
    events[0]["host"] = "elsewhere"
    journal.write_text("".join(json.dumps(event) + "\n" for event in events))
    return folder


def test_lock_on_a_network_file_system_is_stale_once_its_holder_is_silent(
    interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begun_sweep, "is_on_network", lambda folder: True)
    journal = interrupted / "journal.jsonl"
    # as after a crash of the other machine: the file server still keeps its lock
    holder = Journal(journal, on_trouble=pytest.fail)
    with pytest.raises(SweepHeldError, match="on elsewhere is running"):
        resume(interrupted)
    os.utime(journal, (0, 0))
    assert resume(interrupted).state == "finished"
    holder.close()


def test_orchestrator_of_another_machine_is_known_by_its_beat(
    interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """… where the file system knows nothing of other machines' locks."""
    monkeypatch.setattr(begun_sweep, "is_on_network", lambda folder: True)
    with pytest.raises(SweepHeldError) as caught:
        resume(interrupted)
    assert caught.value.host == "elsewhere"
    os.utime(interrupted / "journal.jsonl", (0, 0))
    assert resume(interrupted).state == "finished"


def test_lock_on_this_machine_is_never_stale(interrupted: Path) -> None:
    journal = interrupted / "journal.jsonl"
    holder = Journal(journal, on_trouble=pytest.fail)
    os.utime(journal, (0, 0))
    with pytest.raises(SweepHeldError):
        resume(interrupted)
    holder.close()
    assert resume(interrupted).state == "finished"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--resume", "nothing"), "no experiment, sweep or run of this name"),
        (("--resume", "nothing", "--seed", "3"), "leave out CONFIG and --seed"),
        (("--resume", "nothing", "other.json"), "leave out CONFIG and --seed"),
        (("--max-runs", "0"), "whole number, 1 or more, got '0'"),
    ],
)
def test_wrong_usage_is_explained(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run_command("sweep", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize("is_there", [True, False])
def test_resume_runs_nothing_again_where_the_journal_is_lost(
    interrupted: Path, is_there: bool
) -> None:
    journal = interrupted / "journal.jsonl"
    journal.unlink()
    if is_there:
        journal.touch()
    before = {path.name for path in interrupted.iterdir()}
    (name,) = (name for name in before if name.endswith(".dat"))
    with pytest.raises(
        UsageError, match=rf"names no run, .* \(1: {name}\), .* Restore the journal"
    ):
        resume(interrupted)
    assert {path.name for path in interrupted.iterdir()} == before


def test_resume_refuses_anything_but_a_sweep(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="max_runs must be 1 or more, got 0"):
        resume(tmp_path, max_runs=0)
    with pytest.raises(UsageError, match="no experiment, sweep or run"):
        resume(tmp_path)


def test_detached_sweep_continues_and_can_be_attached_to(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path, "waits_for_file.py", max_runs=2, hyperparameters={"until": choice(str(flag))}
    )
    done = run_command("sweep", "--detach", "--workers", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = sweep_folder(tmp_path / "runs")
    match = re.search(r"Stop it with: kill (\d+)", done.stderr)
    assert match is not None
    pid = int(match[1])
    assert os.getsid(pid) == pid
    looking_on = start_command("attach", folder=tmp_path)
    wait_until(lambda: "is running" in (tmp_path / "output").read_text(), "attach")
    flag.touch()
    assert looking_on.wait(60) == 0
    output = (tmp_path / "output").read_text()
    assert "[2/2 runs, 2 finished]" in output
    assert "sweep finished: 2 finished" in output
    assert "[2/2 runs, 2 finished]" in (folder / "orchestrator.log").read_text()


def test_detached_sweep_that_cannot_start_says_so(tmp_path: Path) -> None:
    done = run_command("sweep", "--detach", folder=tmp_path)
    assert done.returncode == 2
    assert "there is no such file" in done.stderr


def test_attach_says_that_the_orchestrator_is_gone(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(flag))}
    )
    kill_orchestrator(start_sweep(tmp_path, "--workers", "1"))
    folder = sweep_folder(tmp_path / "runs")
    done = run_command("attach", folder, folder=tmp_path)
    assert done.returncode == 1
    assert "sweep lost (the orchestrator stopped unexpectedly)" in done.stderr
    assert "sweep --resume" in done.stderr
    nothing = run_command("attach", folder=tmp_path)
    assert nothing.returncode == 2
    assert "no sweep is running" in nothing.stderr
