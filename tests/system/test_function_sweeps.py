"""Sweeps of Python functions, which run in processes of their own like any script."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sweeps import run_command, state_of, sweep_folder

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import UsageError, resume, run_sweep

SPACE = {"x": {"type": "uniform", "min": 0, "max": 1}}
ASKED = {"optimization_metric": "loss", "optimization_goal": "min"}
SCRIPT = """
import os
from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator import run_sweep

def train(x, scale=2.0):
    print("pid", os.getpid())
    writer = ExperimentLogger("runs")
    for step in range(3):
        writer.add_scalar("loss", x * scale / (step + 1), step)

if __name__ == "__main__":
    result = run_sweep(
        train,
        hyperparameters={"x": {"type": "uniform", "min": 0, "max": 1}},
        max_runs=3,
        workers=2,
        seed=1,
        optimization_metric="loss",
        optimization_goal="min",
    )
    print([run.state for run in result.runs], result.best.best_step)
"""


def run_script(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "tune.py").write_text(textwrap.dedent(text))
    return subprocess.run(
        [sys.executable, "tune.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_function_of_the_started_script_runs_in_processes_of_its_own(tmp_path: Path) -> None:
    done = run_script(tmp_path, SCRIPT)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['finished', 'finished', 'finished'] 2\n"
    folder = sweep_folder(tmp_path / "runs")
    runs = state_of(folder).runs.values()
    outputs = [(folder / f"{run.name}.log").read_text() for run in runs]
    assert len(set(outputs)) == 3
    assert all(output.startswith("pid ") for output in outputs)
    shown = run_command("show", folder, folder=tmp_path)
    assert "tune.py" not in shown.stderr
    assert "3 finished" in shown.stdout


def test_sweep_of_a_function_resumes_as_that_of_a_script(tmp_path: Path) -> None:
    assert run_script(tmp_path, SCRIPT).returncode == 0
    done = run_command(
        "sweep", "--resume", sweep_folder(tmp_path / "runs"), "--max-runs", "5", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert state_of(sweep_folder(tmp_path / "runs")).counts == {"finished": 5}


def test_call_without_guard_fails_with_the_remedy(tmp_path: Path) -> None:
    run_script(tmp_path, SCRIPT.replace('if __name__ == "__main__":', "if True:"))
    folder = sweep_folder(tmp_path / "runs")
    (first, *_) = state_of(folder).runs.values()
    assert first.state == "failed"
    assert 'if __name__ == "__main__"' in (folder / f"{first.name}.log").read_text()


def test_function_with_its_surroundings_runs_and_resumes(tmp_path: Path) -> None:
    """As a function of a notebook, which no module holds."""
    offset = 3.0

    def train(settings: dict[str, float]) -> float:
        return settings["x"] + offset

    result = run_sweep(
        train, logdir=tmp_path, hyperparameters=SPACE, max_runs=2, workers=1, seed=2, **ASKED
    )
    assert [run.state for run in result.runs] == ["finished", "finished"]
    values = [run.hyperparameters["x"] + offset for run in result.runs]
    assert [run.best_value for run in result.runs] == pytest.approx(values)
    again = resume(result.folder, max_runs=3)
    assert [run.state for run in again.runs] == ["finished"] * 3
    assert (result.folder / "function.pickle").stat().st_mode & 0o077 == 0


def test_numbers_that_a_function_returns_are_logged(tmp_path: Path) -> None:
    def train(x: float) -> dict[str, object]:
        return {"loss": x, "n_parameters": 12, "name": "net"}

    result = run_sweep(
        train, logdir=tmp_path, hyperparameters=SPACE, max_runs=1, workers=1, **ASKED
    )
    (run,) = result.runs
    log = read_log(result.folder / f"{run.name}.dat")
    assert {name: one.value.tolist() for name, one in log.items()} == {
        "loss": [run.hyperparameters["x"]],
        "n_parameters": [12.0],
    }


def test_function_that_raises_has_failed_and_its_output_is_kept(tmp_path: Path) -> None:
    def train(x: float) -> float:
        raise ValueError(f"x is {x}")

    result = run_sweep(
        train, logdir=tmp_path, hyperparameters=SPACE, max_runs=1, workers=1, **ASKED
    )
    (run,) = result.runs
    assert (run.state, run.exit_code) == ("failed", 1)
    assert "ValueError: x is" in str(run.reason)


def test_function_is_stopped_by_a_rule(tmp_path: Path) -> None:
    def train(x: float) -> None:
        import time

        from ml_tracking_ops.logger import ExperimentLogger

        writer = ExperimentLogger("runs")
        step = 0
        while True:
            writer.add_scalar("loss", 1.0, step)
            step += 1
            time.sleep(0.01)

    result = run_sweep(
        train,
        logdir=tmp_path,
        hyperparameters=SPACE,
        max_runs=1,
        workers=1,
        stopping_rules=[{"rule": "patience", "patience": 3}],
        grace_s=1,
        **ASKED,
    )
    assert [run.state for run in result.runs] == ["early_stopped"]


def test_settings_of_scripts_and_settings_beside_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="main_script_name belongs to a sweep of a script"):
        run_sweep(print, main_script_name="x.py", hyperparameters=SPACE, max_runs=1)
    with pytest.raises(UsageError, match="max_runs: must be in the configuration"):
        run_sweep(tmp_path / "experiment_cfg.json", max_runs=3)
