"""A real sweep over groups of hyperparameters: how scripts get them, and how they are shown."""

import json
import signal
from pathlib import Path
from typing import Any

from sweeps import run_command, start_command, state_of, sweep_folder, wait_until, write_config

from ml_tracking_ops.orchestrator import resume, run_sweep

GROUP = {
    "type": "group",
    "parameters": {
        "name": {"type": "choice", "candidates": ["sgd", "adam"]},
        "lr": {"type": "uniform", "min": 0, "max": 1},
        "momentum": {"type": "uniform", "min": 0, "max": 1, "when": {"optimizer.name": "sgd"}},
    },
}
COMMAND = ["${interpreter}", "${program}", "${args}", "${args_json}"]


def config_for(folder: Path, **changes: Any) -> Path:
    return write_config(
        folder,
        "nested.py",
        hyperparameters={"optimizer": GROUP, "depth": {"type": "int", "min": 1, "max": 3}},
        constraints=["optimizer.lr <= 0.9"],
        command=COMMAND,
        sampler="tpe",
        seed=2,
        **{"max_runs": 14, **changes},
    )


def test_scripts_get_groups_dotted_and_nested_and_tables_have_dotted_names(tmp_path: Path) -> None:
    config_for(tmp_path)
    done = run_command("sweep", "--workers", "4", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["counts"] == {"finished": 14}
    name = sweep_folder(tmp_path / "runs").name
    report = json.loads(run_command("show", name, "--json", folder=tmp_path).stdout)
    for run in report["runs"]:
        chosen = run["hyperparameters"]
        assert chosen["optimizer.lr"] == run["best_value"] <= 0.9
        assert ("optimizer.momentum" in chosen) == (chosen["optimizer.name"] == "sgd")
    assert "optimizer.lr" in run_command("export", name, folder=tmp_path).stdout.splitlines()[0]


def test_killed_sweep_over_groups_resumes_as_it_would_have(tmp_path: Path) -> None:
    whole = run_sweep(config_for(tmp_path / "whole"), logdir=tmp_path / "whole/runs", workers=1)
    folder = tmp_path / "killed"
    config_for(folder)
    process = start_command("sweep", "--workers", "1", folder=folder)
    wait_until(lambda: [*folder.glob("runs/*/journal.jsonl")], "the journal")
    sweep = sweep_folder(folder / "runs")
    wait_until(lambda: state_of(sweep).counts.get("finished", 0) >= 5, "five runs")
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    result = resume(sweep)
    assert [run.hyperparameters for run in result.runs] == [
        run.hyperparameters for run in whole.runs
    ]
