"""`ml-tracking-ops wait`: a sweep's end, or a bound of its best value, as an exit code."""

import json
from pathlib import Path

import pytest
from sweeps import choice, run_command, sweep_folder, write_config

from ml_tracking_ops.orchestrator.cli.process import EXIT_CODES
from ml_tracking_ops.orchestrator.reports.conditions import SweepCondition, parse_condition
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """A project whose sweep has logged 1.0 and runs until the file `until` appears."""
    until = str(tmp_path / "until")
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(until)}
    )
    assert run_command("sweep", "--detach", folder=tmp_path).returncode == 0
    return tmp_path


def end(project: Path) -> None:
    (project / "until").touch()
    assert run_command("wait", sweep_folder(project / "runs").name, folder=project).returncode == 0


def test_wait_for_a_bound_returns_while_the_sweep_runs(running: Path) -> None:
    name = sweep_folder(running / "runs").name
    done = run_command("wait", name, "--until", "best>=1", "--json", folder=running)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["state"], summary["is_met"], summary["best"]["best_value"]) == (
        "running",
        True,
        1.0,
    )
    end(running)


def test_wait_after_a_resume_in_the_background_waits_for_the_new_runs(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=1)
    assert run_command("sweep", folder=tmp_path).returncode == 0
    name = sweep_folder(tmp_path / "runs").name
    resume = ("sweep", "--resume", name, "--max-runs", "3", "--workers", "2")
    done = run_command(*resume, "--detach", "--json", folder=tmp_path)
    assert json.loads(done.stdout)["n_workers"] == 2
    done = run_command("wait", name, "--json", folder=tmp_path)
    assert json.loads(done.stdout)["counts"] == {"finished": 3}


def test_wait_gives_up_after_its_timeout(running: Path) -> None:
    done = run_command("wait", "--timeout", "0.1", folder=running)
    assert done.returncode == 124
    assert "finished is not met yet" in done.stderr
    name = sweep_folder(running / "runs").name
    assert run_command("wait", name, "--until", "best>=1", folder=running).returncode == 0
    done = run_command("wait", "--timeout", "0.1", "--json", folder=running)
    assert json.loads(done.stdout)["best"]["best_value"] == 1.0
    end(running)


def test_summary_says_that_a_sweep_is_paused(running: Path) -> None:
    name = sweep_folder(running / "runs").name
    assert run_command("pause", name, folder=running).returncode == 0
    done = run_command("wait", name, "--timeout", "0.1", "--json", folder=running)
    assert json.loads(done.stdout)["is_paused"] is True
    assert run_command("continue", name, folder=running).returncode == 0
    end(running)


def test_bound_on_the_wrong_side_is_refused(running: Path) -> None:
    done = run_command("wait", "--until", "best<0.1", folder=running)
    assert done.returncode == 2
    assert "higher values of" in done.stderr
    assert "Did you mean best>0.1?" in done.stderr
    end(running)


def test_wait_for_a_bound_that_is_never_reached_ends_with_the_sweep(running: Path) -> None:
    end(running)
    name = sweep_folder(running / "runs").name
    done = run_command("wait", name, "--until", "best>1", folder=running)
    assert done.returncode == 1
    assert "best>1 is not met: sweep" in done.stderr
    assert "(1 finished), best 1" in done.stderr


def test_wait_without_a_running_sweep_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    done = run_command("wait", folder=tmp_path)
    assert done.returncode == 2
    assert "no sweep is running" in done.stderr


@pytest.mark.parametrize("text", ["best=1", "best<x", "best<nan", "loss<1", "", "best<"])
def test_invalid_condition_is_refused_with_the_allowed_ones(text: str) -> None:
    with pytest.raises(ValueError, match=r"best<0\.1 or best>=0\.9, got"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("text", "is_met"),
    [("best<0.5", False), ("best<=0.5", True), ("best >= 0.5", True), ("best>5e-1", False)],
)
def test_bound_is_compared_with_the_best_value(text: str, is_met: bool) -> None:
    sweep = SweepRecord(goal="min", runs={1: RunRecord(1, best_value=0.5)})
    assert parse_condition(text).is_met(sweep) == is_met


def test_bound_is_not_met_without_a_value() -> None:
    assert not parse_condition("best<1").is_met(SweepRecord(goal="min"))
    assert not SweepCondition().is_met(SweepRecord())


def test_exit_codes_are_those_that_are_documented() -> None:
    assert sorted(EXIT_CODES) == [0, 1, 2, 124, 130]
