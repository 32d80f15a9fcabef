"""Help for tests that run real sweeps."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from places import trainer_path

from ml_tracking_ops.orchestrator.store.files.run_refs import process_of
from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]
LIMIT_S = 60


def write_config(folder: Path, trainer: str, **changes: Any) -> Path:
    """Write an `experiment_cfg.json` in `folder`, beside a copy of a trainer.

    If every hyperparameter is a choice, one named `draw` is added, which trainers ignore. A sweep
    never runs a combination twice, so the test would otherwise get too few runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(trainer_path(trainer), folder / trainer)
    config = {
        "main_script_name": trainer,
        "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
        "max_runs": 3,
        "early_stopping": False,
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
        **changes,
    }
    if all(definition["type"] == "choice" for definition in config["hyperparameters"].values()):
        draw = {"draw": {"type": "uniform", "min": 0, "max": 1}}
        config["hyperparameters"] = {**config["hyperparameters"], **draw}
    path = folder / "experiment_cfg.json"
    path.write_text(json.dumps(config))
    return path


def choice(*candidates: Any) -> dict[str, Any]:
    return {"type": "choice", "candidates": list(candidates)}


def run_command(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `ml-tracking-ops` to its end, in `folder`."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def start_command(*arguments: str | Path, folder: Path) -> subprocess.Popen[str]:
    """Start `ml-tracking-ops` in `folder`, its output in `folder`/output."""
    with (folder / "output").open("w") as output:
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )


def start_sweep(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a sweep in `folder`, and wait until as many runs have begun as there are workers.

    Args:
        arguments: those of `ml-tracking-ops sweep`. The last one is the number of workers.
    """
    n_workers = int(arguments[-1])
    sweep = start_command("sweep", *arguments, folder=folder)
    wait_until(lambda: len(outputs_with(folder, "\n")) == n_workers, "the runs")
    return sweep


def outputs_with(folder: Path, text: str) -> list[Path]:
    """Return the output files of runs that contain `text`."""
    return [path for path in folder.glob("runs/*/*_*.log") if text in path.read_text()]


def kill_orchestrator(sweep: subprocess.Popen[str]) -> None:
    """Kill the orchestrator alone, not its runs."""
    sweep.kill()
    sweep.wait(LIMIT_S)


def kill_sweep_when(folder: Path, condition: Callable[[SweepRecord], bool]) -> Path:
    """Start the sweep of `folder` with one worker, and kill its orchestrator on `condition`.

    Returns:
        The folder of the sweep, for a resume.
    """
    process = start_command("sweep", "--workers", "1", folder=folder)
    wait_until(lambda: [*folder.glob("runs/*/journal.jsonl")], "the journal")
    sweep = sweep_folder(folder / "runs")
    wait_until(lambda: condition(state_of(sweep)), "the runs")
    kill_orchestrator(process)
    return sweep


def wait_until(condition: Any, what: str = "the condition") -> None:
    """Wait until `condition()` is true.

    Raises:
        TimeoutError: it did not come true in time.
    """
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {LIMIT_S} s for {what}")
        time.sleep(0.01)


def sweep_folder(logdir: Path) -> Path:
    """Return the only sweep in a log folder."""
    (folder,) = (path.parent for path in logdir.glob("*/journal.jsonl"))
    return folder


def pid_of(run: RunRecord) -> int | None:
    """Return the process number of a run on this machine, or None before it has one."""
    process = process_of(run.ref)
    return None if process is None else process[0]


def state_of(folder: Path) -> SweepRecord:
    """What the journal says."""
    record = SweepRecord(goal="max")
    for event in JournalTail(folder / "journal.jsonl").read():
        record.apply(event)
    return record


def processes_with(text: str) -> list[int]:
    """Return the processes with `text` in their command line or environment, without zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            seen = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in seen:
            found.append(int(entry.name))
    return found
