"""How runs are asked to end, and what becomes of processes that they leave running."""

import os
from pathlib import Path

import pytest
from sweeps import (
    choice,
    processes_with,
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.orchestrator import run_sweep

SAVES = """
import os, signal, sys, time
def save(number, frame):
    time.sleep(1.5)
    print("child saved", file=sys.stderr, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("child is ready", flush=True)
while True:
    time.sleep(0.01)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGUSR1", "SIGTERM"])
def test_run_is_stopped_by_the_signal_that_was_chosen(tmp_path: Path, name: str) -> None:
    write_config(
        tmp_path,
        "saves_on_signal.py",
        max_runs=1,
        stop_signal=name,
        hyperparameters={"name": choice(name)},
    )
    sweep = start_command("sweep", folder=tmp_path)
    wait_until(lambda: list(tmp_path.glob("runs/*/*.dat")), "the log")
    folder = sweep_folder(tmp_path / "runs")
    (dat,) = folder.glob("*.dat")
    wait_until(lambda: b"Accuracy" in dat.read_bytes(), "the value")
    stopped = run_command("stop", folder.name, "1", "--yes", folder=tmp_path)
    assert stopped.returncode == 0, stopped.stderr
    sweep.wait(60)
    assert dat.with_suffix(".log").read_text() == f"saved on {name}\n"
    run = state_of(folder).runs[1]
    assert run.state == "killed"
    assert (run.reason or "").startswith("stopped by hand")


def test_unknown_stop_signal_is_explained(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", stop_signal="SIGKILL")
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 2
    assert "stop_signal: must be one of SIGTERM, SIGINT" in done.stderr


def test_process_that_a_script_left_has_time_to_end_and_is_named(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "saves_on_signal.py",
        max_runs=1,
        grace_s=30,
        hyperparameters={"child": choice(SAVES)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (run,) = result.runs
    assert run.state == "finished"
    assert (run.reason or "").startswith("finished, but left running and then ended: ")
    assert "python" in (run.reason or "")
    text = (result.folder / f"{run.name}.log").read_text()
    assert "[ml-tracking-ops: the script left this running: " in text
    assert "child saved" in text
    assert processes_with(str(tmp_path)) == []


def test_value_after_the_decision_is_marked_as_such(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "improves_after_sigterm.py",
        max_runs=1,
        early_stopping=True,
        early_stopping_patience=5,
    )
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 0
    assert "Accuracy 0.9356 at step 7, after the decision at step 6" in done.stderr
    run = state_of(sweep_folder(tmp_path / "runs")).runs[1]
    assert (run.reason or "").endswith(
        "(the best value, 0.9356 at step 7, came after the decision at step 6)"
    )


def test_script_that_leaves_nothing_has_no_reason(tmp_path: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=1)
    (run,) = run_sweep(config, logdir=tmp_path / "runs", workers=1).runs
    assert (run.state, run.reason) == ("finished", None)
    assert os.listdir(tmp_path / "runs")
