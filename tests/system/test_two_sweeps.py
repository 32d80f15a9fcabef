"""Two sweeps on one machine share its GPUs and its room for runs."""

from pathlib import Path

import pytest
from sweeps import run_command, start_command, state_of, sweep_folder, wait_until, write_config

from ml_tracking_ops.orchestrator.store.journal import Event, JournalTail

WAITS = """
import os, sys, time
from pathlib import Path

with Path("ran").open("a") as file:
    file.write("started\\n")
while not Path("go").exists():
    time.sleep(0.01)
with Path("ran").open("a") as file:
    file.write("over\\n")
"""


@pytest.fixture
def one_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-only")
    monkeypatch.setenv("ML_TRACKING_OPS_RUNTIME_DIR", str(tmp_path / "runtime"))


def project(folder: Path, **changes: object) -> Path:
    write_config(folder, "short.py", max_runs=1, **changes)
    (folder / "short.py").write_text(WAITS)
    return folder


def has_started(folder: Path) -> bool:
    return (folder / "ran").exists()


def events(folder: Path, kind: str) -> list[Event]:
    path = sweep_folder(folder / "runs") / "journal.jsonl"
    return [event for event in JournalTail(path).read() if event["event"] == kind]


def waits(folder: Path) -> bool:
    return bool(list(folder.glob("runs/*/journal.jsonl"))) and bool(events(folder, "not_submitted"))


@pytest.mark.usefixtures("one_gpu")
def test_second_sweep_waits_for_the_gpu_and_names_the_first(tmp_path: Path) -> None:
    first, second = project(tmp_path / "first"), project(tmp_path / "second")
    one = start_command("sweep", folder=first)
    wait_until(lambda: has_started(first), "the first run")
    two = start_command("sweep", folder=second)
    wait_until(lambda: waits(second), "the second sweep to wait")
    name = sweep_folder(first / "runs").name
    (run,) = state_of(sweep_folder(second / "runs")).runs.values()
    assert run.state == "pending"
    why = f"GPU GPU-only is taken by the sweep {name} (runs_per_gpu 1)"
    assert run.reason == f"waits for its turn: {why}"
    shown = run_command("show", sweep_folder(second / "runs"), folder=second)
    assert why in shown.stdout
    assert not has_started(second)

    (first / "go").touch()
    assert one.wait(60) == 0
    (second / "go").touch()
    assert two.wait(60) == 0
    record = state_of(sweep_folder(second / "runs"))
    assert [run.state for run in record.runs.values()] == ["finished"]
    assert not any("turn" in warning for warning in record.warnings)
    assert f"runs wait for their turn: {why}" in (second / "output").read_text()
    assert list((tmp_path / "runtime").glob("*.lease")) == []


@pytest.mark.usefixtures("one_gpu")
def test_gpu_of_a_killed_orchestrator_is_free_once_its_run_is_gone(tmp_path: Path) -> None:
    first, second = project(tmp_path / "first"), project(tmp_path / "second")
    one = start_command("sweep", folder=first)
    wait_until(lambda: has_started(first), "the first run")
    one.kill()
    one.wait(60)
    two = start_command("sweep", folder=second)
    wait_until(lambda: waits(second), "the second sweep to wait")
    assert not has_started(second)
    (first / "go").touch()
    wait_until(lambda: has_started(second), "the second run")
    assert "over" in (first / "ran").read_text()
    (second / "go").touch()
    assert two.wait(60) == 0


def test_second_sweep_takes_the_gpu_that_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    monkeypatch.setenv("ML_TRACKING_OPS_RUNTIME_DIR", str(tmp_path / "runtime"))
    first, second = project(tmp_path / "first"), project(tmp_path / "second")
    one = start_command("sweep", "--workers", "1", folder=first)
    wait_until(lambda: has_started(first), "the first run")
    two = start_command("sweep", "--workers", "1", folder=second)
    wait_until(lambda: has_started(second), "the second run")
    gpus = [events(folder, "started")[0]["gpus"] for folder in (first, second)]
    assert gpus == [["GPU-a"], ["GPU-b"]]
    (first / "go").touch()
    (second / "go").touch()
    assert (one.wait(60), two.wait(60)) == (0, 0)


def test_run_waits_for_room_on_the_machine_if_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ML_TRACKING_OPS_RUNTIME_DIR", str(tmp_path / "runtime"))
    first = project(tmp_path / "first")
    second = project(tmp_path / "second", max_runs_on_machine=1)
    one = start_command("sweep", "--workers", "1", folder=first)
    wait_until(lambda: has_started(first), "the first run")
    two = start_command("sweep", "--workers", "2", folder=second)
    wait_until(lambda: waits(second), "the second sweep to wait")
    assert "(max_runs_on_machine 1)" in events(second, "not_submitted")[0]["reason"]
    (first / "go").touch()
    (second / "go").touch()
    assert (one.wait(60), two.wait(60)) == (0, 0)


@pytest.mark.usefixtures("one_gpu")
def test_sweep_that_waits_is_interrupted_at_once(tmp_path: Path) -> None:
    first, second = project(tmp_path / "first"), project(tmp_path / "second")
    one = start_command("sweep", folder=first)
    wait_until(lambda: has_started(first), "the first run")
    two = start_command("sweep", folder=second)
    wait_until(lambda: waits(second), "the second sweep to wait")
    two.terminate()
    two.wait(60)
    record = state_of(sweep_folder(second / "runs"))
    assert record.state == "killed"
    assert [run.reason for run in record.runs.values()] == [None]
    assert list((tmp_path / "runtime").glob("*.ticket")) == []
    (first / "go").touch()
    assert one.wait(60) == 0
