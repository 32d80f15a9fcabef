"""Runs and sweeps with which engines are measured, and how figures are printed."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.orchestrator.executors.base import RunCommand
from ml_tracking_ops.orchestrator.store.journal import JournalTail

from .event_loop import idle_loop_beside, report

SHORT_S = 0.2
N_STOPS = 20
LIMIT_S = 600
TRAIN = f"import time; time.sleep({SHORT_S})"
_WORKERS = Path(__file__).parents[1] / "workers"
_SWEEP = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "sweep"]
_MEASURED_SWEEP = [sys.executable, str(_WORKERS / "measured_sweep.py")]


# --- figures -------------------------------------------------------------------------------------


def say(what: str, value: str, target: str) -> None:
    print(f"{what:62} {value:>26}   target {target}", flush=True)


def say_machine() -> None:
    loads = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {loads}", flush=True)


def spread(values_s: list[float]) -> str:
    """The median and the most."""
    return f"{statistics.median(values_s) * 1000:.0f} ({max(values_s) * 1000:.0f}) ms"


def new_folder(top: Path, name: str) -> Path:
    folder = top / name
    folder.mkdir()
    return folder


# --- runs ----------------------------------------------------------------------------------------


def command(folder: Path, name: str, *arguments: str) -> RunCommand:
    return RunCommand(
        arguments,
        folder,
        {"MARK": name},
        folder / f"{name}.log",
        record_path=folder / "processes.jsonl",
        marker="MARK",
        tag={"name": name, "index": 1, "attempt": 1, "slot": 0},
    )


@dataclass(frozen=True)
class Moments:
    """When runs were asked for, when the first one began, and when the last one had ended."""

    asked_at: float
    began_at: float
    ended_at: float


def sweep_of_short_runs(folder: Path, n_runs: int, engine: str, n_at_once: int) -> Moments:
    (folder / "train.py").write_text(TRAIN)
    _configure(folder, n_runs, engine)
    _run([*_SWEEP, f"--workers={n_at_once}"], folder)
    (journal,) = folder.glob("runs/*/journal.jsonl")
    events = JournalTail(journal).read()
    assert events[-1]["state"] == "finished"
    began_at = min(event["time"] for event in events if event["event"] == "started")
    return Moments(events[0]["time"], began_at, events[-1]["time"])


def measure_loop_of_sweep(folder: Path, n_runs: int, engine: str, n_at_once: int) -> None:
    """A sweep with a sampler and a rule that learn, its event loop beside an idle one."""
    shutil.copy(_WORKERS / "scripts" / "learns.py", folder / "train.py")
    learning = {
        "optimization_metric": "score",
        "optimization_goal": "max",
        "sampler": "tpe",
        "stopping_rules": [{"rule": "asha", "min_resource": 2}],
    }
    _configure(folder, n_runs, engine, **learning)
    result, began = folder / "result.json", time.perf_counter()
    with idle_loop_beside() as idle:
        _run([*_MEASURED_SWEEP, str(result), f"--workers={n_at_once}"], folder)
    took_s = time.perf_counter() - began
    measured = json.loads(result.read_text())
    said = f"{took_s:.0f} s, {measured['n_callbacks']} callbacks"
    say(f"a sweep of {n_runs} runs with tpe and asha", said, "–")
    for line in report(measured, idle):
        say(*line)


def _run(program: list[str], folder: Path) -> None:
    done = subprocess.run(
        program, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _configure(folder: Path, n_runs: int, engine: str, **more: object) -> None:
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
        "max_runs": n_runs,
        "early_stopping": False,
        "executor": {"type": engine},
        **more,
    }
    (folder / "experiment_cfg.json").write_text(json.dumps(config))
