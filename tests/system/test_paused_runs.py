"""Runs that pause at a rung, and continue from their checkpoints when they are promoted."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sweeps import (
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.store.journal import Event, JournalTail

RULE = {"rule": "asha", "resume": True, "max_resource": 9}
TWO = {
    "objectives": [{"metric": "loss", "goal": "min"}, {"metric": "size", "goal": "min"}],
    "optimization_metric": None,
    "optimization_goal": None,
}


def project(folder: Path, **changes: Any) -> Path:
    settings = {
        "max_runs": 9,
        "seed": 1,
        "optimization_metric": "loss",
        "optimization_goal": "min",
        "stopping_rules": [RULE],
        "system_metrics": False,
        **changes,
    }
    return write_config(folder, "continues.py", **settings)


def events(folder: Path, kind: str) -> list[Event]:
    found = JournalTail(folder / "journal.jsonl").read()
    return [event for event in found if event["event"] == kind]


def steps_of(folder: Path) -> dict[float, list[tuple[int, int]]]:
    """What each run did, by its x: attempt and step."""
    found: dict[float, list[tuple[int, int]]] = {}
    for line in (folder / "ran").read_text().splitlines():
        x, attempt, step = line.split()
        found.setdefault(float(x), []).append((int(attempt), int(step)))
    return found


def check_whole(tmp_path: Path, n_runs: int) -> None:
    """Every run trained each of its steps once, in order, and the best one to the end."""
    folder = sweep_folder(tmp_path / "runs")
    record = state_of(folder)
    assert set(record.counts) == {"paused", "finished"}
    assert sum(record.counts.values()) == n_runs
    ran = steps_of(tmp_path)
    for run in record.runs.values():
        steps = [step for _, step in ran[run.hyperparameters["x"]]]
        assert steps == sorted(set(steps))
        assert steps[0] == 1
        if run.state == "finished":
            assert steps[-1] == 9
    best = min(record.runs.values(), key=lambda run: run.hyperparameters["x"])
    assert best.state == "finished"


def test_best_runs_continue_from_their_checkpoints(tmp_path: Path) -> None:
    project(tmp_path)
    done = run_command("sweep", "--workers", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    check_whole(tmp_path, 9)
    folder = sweep_folder(tmp_path / "runs")
    record = state_of(folder)
    promoted = events(folder, "promoted")
    assert promoted
    assert {event["index"] for event in promoted} <= record.runs.keys()
    again = [run for run in record.runs.values() if run.attempt > 1]
    assert again
    for run in again:
        first = [*run.previous_names, run.name][0]
        assert (folder / f"{first}.files" / "step.json").exists()
        assert not run.attempt > 1 or len(list(folder.glob(f"*_{run.index:04d}*.files"))) == 1
    at_rungs = Counter(event["rung"] for event in events(folder, "reached"))
    assert at_rungs[1] == 9
    assert at_rungs[3] == 3
    shown = run_command("show", folder, folder=tmp_path)
    assert "8 paused" in shown.stdout


def test_runs_that_dominate_others_continue_with_several_objectives(tmp_path: Path) -> None:
    project(tmp_path, **TWO)
    done = run_command("sweep", "--workers", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert set(record.counts) == {"paused", "finished"}
    whole = [run for run in record.runs.values() if run.state == "finished"]
    others = [run for run in record.runs.values() if run.state == "paused"]
    assert all(" is not among the best 1/3 of " in (run.reason or "") for run in others[:2])
    for run in whole:
        x = run.hyperparameters["x"]
        beaten = [
            one.hyperparameters["x"]
            for one in others
            if one.hyperparameters["x"] <= x and abs(one.hyperparameters["x"] - 0.5) <= abs(x - 0.5)
        ]
        assert not beaten


def test_interrupted_sweep_promotes_what_paused_before(tmp_path: Path) -> None:
    project(tmp_path, max_runs=6)
    sweep = start_command("sweep", "--workers", "1", folder=tmp_path)
    wait_until(
        lambda: (
            list(tmp_path.glob("runs/*/journal.jsonl"))
            and len(events(sweep_folder(tmp_path / "runs"), "reached")) >= 2
        ),
        "two runs at a rung",
    )
    sweep.terminate()
    sweep.wait(60)
    folder = sweep_folder(tmp_path / "runs")
    before = state_of(folder)
    assert before.state == "killed"
    done = run_command("sweep", "--resume", folder, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    record = state_of(folder)
    assert set(record.counts) == {"paused", "finished"}
    assert len(record.runs) == 6
    best = min(record.runs.values(), key=lambda run: run.hyperparameters["x"])
    assert best.state == "finished"


@pytest.mark.timeout(300)
def test_killed_sweep_promotes_what_paused_before(tmp_path: Path) -> None:
    project(tmp_path, max_runs=6)
    sweep = start_command("sweep", "--workers", "2", folder=tmp_path)
    folder = Path()
    for n_reached in (2, 4):
        wait_until(
            lambda n_reached=n_reached: (
                list(tmp_path.glob("runs/*/journal.jsonl"))
                and len(events(sweep_folder(tmp_path / "runs"), "reached")) >= n_reached
            ),
            "runs at a rung",
        )
        sweep.kill()
        sweep.wait(60)
        folder = sweep_folder(tmp_path / "runs")
        sweep = start_command("sweep", "--resume", folder, folder=tmp_path)
    assert sweep.wait(120) == 0
    record = state_of(folder)
    assert set(record.counts) == {"paused", "finished"}
    assert len(record.runs) == 6
    best = min(record.runs.values(), key=lambda run: run.hyperparameters["x"])
    assert best.state == "finished"
    reached = Counter((e["index"], e["rung"]) for e in events(folder, "reached"))
    assert set(reached.values()) == {1}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "changes",
    [
        {"sampler": "random"},
        {"sampler": {"type": "bayes", "n_startup_trials": 3}},
        {"sampler": "random", **TWO},
    ],
    ids=["random", "bayes", "objectives"],
)
def test_killed_sweep_runs_and_promotes_what_it_would_have(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    project(tmp_path / "whole", **changes)
    done = run_command("sweep", "--workers", "1", folder=tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    whole = sweep_folder(tmp_path / "whole" / "runs")

    project(tmp_path / "killed", **changes)
    sweep = start_command("sweep", "--workers", "1", folder=tmp_path / "killed")
    wait_until(
        lambda: (
            list(tmp_path.glob("killed/runs/*/journal.jsonl"))
            and len(events(sweep_folder(tmp_path / "killed" / "runs"), "reached")) >= 5
        ),
        "runs at a rung",
    )
    sweep.kill()
    sweep.wait(60)
    folder = sweep_folder(tmp_path / "killed" / "runs")
    done = run_command("sweep", "--resume", folder, folder=tmp_path / "killed")
    assert done.returncode == 0, done.stderr
    for kind, keys in (("sampled", ["index", "hyperparameters"]), ("promoted", ["index", "rung"])):
        found, expected = (
            [[event[key] for key in keys] for event in events(one, kind)] for one in (folder, whole)
        )
        assert found == expected
    assert state_of(folder).counts == state_of(whole).counts


@pytest.mark.timeout(300)
def test_run_that_was_judged_before_the_kill_and_not_stopped_pauses(tmp_path: Path) -> None:
    """The orchestrator is killed between two records: that a run is to pause, and that it does."""
    settings = {"max_runs": 2, "seed": 1, "optimization_metric": "loss", "optimization_goal": "min"}
    write_config(tmp_path, "pauses_when_it_may.py", **settings, stopping_rules=[RULE])
    sweep = start_command("sweep", "--workers", "1", folder=tmp_path)
    wait_until(
        lambda: (
            list(tmp_path.glob("runs/*/journal.jsonl"))
            and events(sweep_folder(tmp_path / "runs"), "pausing")
        ),
        "a run that is asked to pause",
    )
    sweep.kill()
    sweep.wait(60)
    folder = sweep_folder(tmp_path / "runs")
    journal = folder / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    last = next(n for n, line in enumerate(lines) if '"reached"' in line)
    journal.write_text("".join(lines[: last + 1]))
    (tmp_path / "may_pause").touch()
    done = run_command("sweep", "--resume", folder, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [event["index"] for event in events(folder, "adopted")] == [1]
    assert [event["index"] for event in events(folder, "pausing")] == [1, 2]
    assert [event["index"] for event in events(folder, "reached")] == [1, 2]
    assert set(state_of(folder).counts) == {"paused", "finished"}


def test_options_that_exclude_resume_are_named(tmp_path: Path) -> None:
    config = project(tmp_path, repeats={"count": 2, "seed_name": "seed"})
    with pytest.raises(ConfigError, match="cannot be combined with repeats"):
        load_config(config)
    config = project(tmp_path, stopping_rules=[RULE, RULE])
    with pytest.raises(ConfigError, match="only one rule can resume runs"):
        load_config(config)
