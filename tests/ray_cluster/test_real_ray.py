"""Sweeps on a real Ray cluster: states, files, stops, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import argparse, os, sys, time
from ml_tracking_ops.logger import ExperimentLogger
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
parser.add_argument("--logdir")
options = parser.parse_args()
with ExperimentLogger(options.logdir) as writer:
    print("here", os.getpid(), flush=True)
    for step in range(40):
        writer.add_scalar("Accuracy", options.x + step / 1000, step)
        time.sleep(0.1)
    with open(os.path.join(writer.run_dir, "model.bin"), "wb") as file:
        file.write(b"m" * 100_000)
"""
COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path


def configure(project: Path, **changes: Any) -> None:
    executor = {"type": "ray", "max_jobs": 4, "num_cpus": 1, **changes.pop("executor", {})}
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "choice", "candidates": [0.1, 0.2, 0.3, 0.4]}},
        "max_runs": 4,
        "sampler": "grid",
        "early_stopping": False,
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
        "executor": executor,
        **changes,
    }
    (project / "experiment_cfg.json").write_text(json.dumps(config))


def start(project: Path, *arguments: str) -> "subprocess.Popen[str]":
    with (project / "output").open("w") as output:
        return subprocess.Popen(
            [*COMMAND, *(arguments or ("sweep",))], cwd=project, stdout=output, stderr=output
        )


def run(project: Path, *arguments: str) -> str:
    process = start(project, *arguments)
    code = process.wait(200)
    said = (project / "output").read_text()
    assert code == 0, said
    return said


def shown(project: Path) -> dict[str, Any]:
    folder = next((project / "runs").iterdir())
    done = subprocess.run(
        [*COMMAND, "show", folder.name, "--json"],
        cwd=project,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def logs(project: Path) -> list[Path]:
    return sorted((project / "runs").glob("*/*.dat"))


def wait_for(condition: Callable[[], Any], what: str) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def processes(text: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in command:
            found.append(int(path.parent.name))
    return found


def is_all_gone(project: Path) -> bool:
    return not processes(f"{project}/train.py") and not processes("ray::SlotActor")


def test_sweep_runs_on_the_cluster_and_leaves_nothing(project: Path):
    before = set(Path("/tmp").glob("mlto-*"))
    configure(project)
    run(project)
    states = [one["state"] for one in shown(project)["runs"]]
    assert states == ["finished"] * 4
    assert [path.stat().st_size for path in logs(project)] == [logs(project)[0].stat().st_size] * 4
    models = list((project / "runs").glob("*/*.files/model.bin"))
    assert [path.stat().st_size for path in models] == [100_000] * 4
    wait_for(lambda: is_all_gone(project), "nothing is left")
    assert set(Path("/tmp").glob("mlto-*")) <= before


def test_rule_stops_runs_early(project: Path):
    configure(project, early_stopping=True, early_stopping_patience=5, optimization_goal="min")
    run(project)  # the values only grow
    assert {one["state"] for one in shown(project)["runs"]} == {"early_stopped"}
    wait_for(lambda: is_all_gone(project), "nothing is left")


def test_killed_orchestrator_finds_its_runs_again(project: Path):
    configure(project)
    sweep = start(project)
    wait_for(lambda: len(logs(project)) == 4, "four runs log")
    sweep.send_signal(signal.SIGKILL)
    sweep.wait(20)
    (folder,) = (project / "runs").iterdir()
    run(project, "sweep", "--resume", f"runs/{folder.name}")
    found = shown(project)["runs"]
    assert [(one["state"], one["attempt"]) for one in found] == [("finished", 1)] * 4
    assert len(logs(project)) == 4
    wait_for(lambda: is_all_gone(project), "nothing is left")


def test_run_whose_actor_is_killed_is_tried_again(project: Path):
    configure(project, executor={"max_jobs": 1}, max_runs=1)
    sweep = start(project)
    wait_for(lambda: processes(f"{project}/train.py"), "the script runs")
    (trainer,) = [pid for pid in processes(f"{project}/train.py") if _is_trainer(pid)]
    (actor,) = processes("ray::SlotActor")
    os.kill(actor, signal.SIGKILL)
    assert sweep.wait(150) == 0, (project / "output").read_text()
    (one,) = shown(project)["runs"]
    assert (one["state"], one["attempt"]) == ("finished", 2)
    assert not Path(f"/proc/{trainer}").exists()
    wait_for(lambda: is_all_gone(project), "nothing is left")


def _is_trainer(pid: int) -> bool:
    return b"--x" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_what_no_node_has_is_said(project: Path):
    configure(project, executor={"num_cpus": 64})
    sweep = start(project)
    said = "no node of the Ray cluster has 64 CPU: runs wait until one joins"
    wait_for(lambda: said in (project / "output").read_text(), "the warning")
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(60) == 130
    wait_for(lambda: is_all_gone(project), "nothing is left")
