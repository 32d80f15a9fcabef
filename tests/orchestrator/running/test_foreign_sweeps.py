"""Resuming foreign folders: nothing runs without a question, and no other process is stopped."""

import json
import os
import subprocess
import sys

import pytest
from other_users import STRANGER, needs_root
from sweeps import run_command, sweep_folder, write_config

from ml_tracking_ops.orchestrator.executors.local.finding import is_process_of_run
from ml_tracking_ops.orchestrator.running.foreign_sweeps import resume_question
from ml_tracking_ops.orchestrator.store.process_records import ProcessRecord
from ml_tracking_ops.orchestrator.supervision.process_table import process_identity


@pytest.fixture
def sweep(tmp_path):
    """Run a sweep to its end, and return its folder."""
    write_config(tmp_path, "short.py", max_runs=1)
    assert run_command("sweep", folder=tmp_path).returncode == 0
    return sweep_folder(tmp_path / "runs")


def change(folder, **changes):
    path = folder / "experiment_description.json"
    description = json.loads(path.read_text())
    description["config"] |= changes.pop("config", {})
    path.write_text(json.dumps(description | changes))


def test_own_sweep_is_resumed_without_a_question(tmp_path, sweep):
    assert resume_question(str(sweep), tmp_path / "runs") is None
    done = run_command("sweep", "--resume", sweep, "--max-runs", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {"command": ["touch", "stolen"]}},
        {"config": {"main_script_name": "evil.py"}},
        {"config": {"environment": {"PYTHONPATH": "/tmp/evil"}}},
        {"config_path": "/nowhere/experiment_cfg.json"},
        {"config_path": None, "machine": "another"},
        {"config_path": None, "machine": None},
    ],
    ids=["command", "script", "variables", "no configuration", "other machine", "no machine"],
)
def test_sweep_that_runs_something_else_asks_first(tmp_path, sweep, changes):
    change(sweep, **changes)
    done = run_command("sweep", "--resume", sweep, "--max-runs", "2", folder=tmp_path)
    assert done.returncode == 2
    assert "Resuming it runs" in done.stderr
    assert "Add --yes" in done.stderr
    assert not (tmp_path / "stolen").exists()


def test_yes_answers_the_question(tmp_path, sweep):
    change(sweep, config={"command": ["touch", str(tmp_path / "wanted")]})
    arguments = ["sweep", "--resume", sweep, "--max-runs", "2", "--yes"]
    run_command(*arguments, folder=tmp_path)
    assert (tmp_path / "wanted").exists()


@needs_root
def test_sweep_of_another_user_asks_first(tmp_path, sweep):
    os.chown(sweep / "experiment_description.json", STRANGER, STRANGER)
    question = resume_question(str(sweep), tmp_path / "runs")
    assert question is not None
    assert question.startswith("another user started")


@pytest.mark.parametrize(
    ("variables", "is_one_of_ours"),
    [
        ({"ML_TRACKING_OPS_RUN_FILE": "/moved/run_0001.dat"}, True),
        ({"ML_TRACKING_OPS_RUN_FILE": "/runs/run_0002.dat"}, False),
        ({}, False),
    ],
)
def test_forged_process_number_is_not_taken_over(variables, is_one_of_ours):
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [sys.executable, "-c", "print('runs', flush=True); input()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as process:
        # its environment can be read only once the new program has been set up
        assert process.stdout.readline() == b"runs\n"
        record = ProcessRecord("run_0001", 1, 1, 0, process.pid, process_identity(process.pid), 0.0)
        assert is_process_of_run(record) is is_one_of_ours
        process.kill()
