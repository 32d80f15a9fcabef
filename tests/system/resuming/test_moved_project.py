"""Sweeps of projects that were moved or copied since they were begun."""

import json
import shutil
from pathlib import Path

import pytest
from sweeps import run_command, sweep_folder, write_config

SCRIPT = """
import os, sys
from ml_tracking_ops.experiment.logger import ExperimentLogger
print("script of", os.getcwd(), os.path.dirname(os.path.abspath(__file__)))
with ExperimentLogger() as logger:
    logger.add_scalar("Accuracy", 1.0, 1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a sweep of one run in it."""
    project = tmp_path / "a"
    write_config(project, "short.py", max_runs=1)
    (project / "short.py").write_text(SCRIPT)
    assert run_command("sweep", folder=project).returncode == 0
    return project


def outputs(project: Path) -> list[str]:
    logs = sorted(project.glob("runs/*/*.log"))
    return [log.read_text() for log in logs if "_000" in log.name]


def test_moved_project_continues_where_it_is(project: Path, tmp_path: Path) -> None:
    moved = tmp_path / "b"
    project.rename(moved)
    name = sweep_folder(moved / "runs").name
    done = run_command("sweep", "--resume", f"runs/{name}", "--max-runs", "2", folder=moved)
    assert done.returncode == 0, done.stderr
    assert f"the project was moved from {project}. Runs are started in {moved}" in done.stderr
    assert outputs(moved)[-1] == f"script of {moved} {moved}\n"
    again = run_command(
        "sweep", "--resume", f"runs/{name}", "--max-runs", "3", folder=tmp_path / "b"
    )
    assert again.returncode == 0


def test_copied_project_never_runs_the_old_script(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    (project / "short.py").write_text("raise SystemExit('the old script')\n")
    name = sweep_folder(copy / "runs").name
    done = run_command("sweep", "--resume", f"runs/{name}", "--max-runs", "2", folder=copy)
    assert done.returncode == 0, done.stderr
    assert outputs(copy)[-1] == f"script of {copy} {copy}\n"


def test_moved_sweep_without_its_project_is_explained(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "deep" / "elsewhere"
    elsewhere.parent.mkdir()
    shutil.copytree(project / "runs", elsewhere / "runs")
    name = sweep_folder(elsewhere / "runs").name
    done = run_command("sweep", "--resume", f"runs/{name}", "--max-runs", "2", folder=elsewhere)
    assert done.returncode == 2
    assert "has been moved. There is no short.py in" in done.stderr
    assert "1 mistake" not in done.stderr


def test_log_folder_outside_the_project_moves_alone(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write_config(project, "short.py", max_runs=1)
    (project / "short.py").write_text(SCRIPT)
    assert run_command("sweep", "--logdir", "../logs", folder=project).returncode == 0
    (tmp_path / "logs").rename(tmp_path / "kept")
    (sweep,) = (tmp_path / "kept").iterdir()
    done = run_command("sweep", "--resume", sweep, "--max-runs", "2", folder=project)
    assert done.returncode == 0, done.stderr
    log = sorted(sweep.glob("*_0002.log"))[0]
    assert log.read_text() == f"script of {project} {project}\n"


def test_older_description_finds_the_script_beside_the_sweep(project: Path, tmp_path: Path) -> None:
    path = sweep_folder(project / "runs") / "experiment_description.json"
    description = json.loads(path.read_text())
    del description["sweep_folder"]
    path.write_text(json.dumps(description))
    moved = tmp_path / "b"
    project.rename(moved)
    name = path.parent.name
    done = run_command("sweep", "--resume", f"runs/{name}", "--max-runs", "2", folder=moved)
    assert done.returncode == 0, done.stderr
    assert outputs(moved)[-1] == f"script of {moved} {moved}\n"


def test_hydra_without_folders_of_its_own_is_noted(tmp_path: Path) -> None:
    command = ["${interpreter}", "${program}", "${args_no_hyphens}"]
    write_config(tmp_path, "short.py", max_runs=1, command=command)
    assert "Hydra" not in run_command("sweep", "--dry-run", folder=tmp_path).stderr
    (tmp_path / "short.py").write_text("import hydra\n")
    assert (
        "note: Hydra names a run's folder"
        in run_command("sweep", "--dry-run", folder=tmp_path).stderr
    )
    command.insert(2, "hydra.run.dir=${logdir}/${run_name}.hydra")
    write_config(tmp_path, "short.py", max_runs=1, command=command)
    (tmp_path / "short.py").write_text("import hydra\n")
    assert "Hydra" not in run_command("sweep", "--dry-run", folder=tmp_path).stderr


def test_name_of_a_run_is_in_its_environment(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=1)
    (tmp_path / "short.py").write_text("import os; print(os.environ['ML_TRACKING_OPS_RUN_NAME'])\n")
    assert run_command("sweep", folder=tmp_path).returncode == 0
    (log,) = tmp_path.glob("runs/*/*_0001.log")
    assert log.read_text().strip() == log.stem
