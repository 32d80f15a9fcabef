"""Sweeps that were interrupted, and continue."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from sweeps import (
    choice,
    kill_orchestrator,
    pid_of,
    processes_with,
    run_command,
    start_command,
    start_sweep,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.store.catalog import find_item
from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.run_record import RunRecord

X = {"type": "uniform", "min": 0, "max": 1}


def started(folder: Path) -> list[tuple[int, int]]:
    """Index and attempt of each start, in order."""
    events = JournalTail(folder / "journal.jsonl").read()
    return [(e["index"], e["attempt"]) for e in events if e["event"] == "started"]


def combinations(runs: list[RunRecord]) -> list[dict[str, Any]]:
    return [run.hyperparameters for run in runs]


def test_interrupted_runs_run_again_with_the_paths_of_their_earlier_logs(
    tmp_path: Path, flag: Path
) -> None:
    config = write_config(
        tmp_path, "tells_attempt.py", seed=4, hyperparameters={"x": X, "until": choice(str(flag))}
    )
    sweep = start_sweep(tmp_path, "--workers", "2")
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(60) == 130
    folder = sweep_folder(tmp_path / "runs")
    before = state_of(folder)
    assert before.counts == {"killed": 2}
    assert "sweep --resume" in (tmp_path / "output").read_text()

    flag.touch()
    done = run_command("sweep", "--resume", folder, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    record = state_of(folder)
    assert record.counts == {"finished": 3}
    assert record.n_workers == 2
    assert started(folder) == [(1, 1), (2, 1), (1, 2), (2, 2), (3, 1)]
    for index in (1, 2):
        first, run = before.runs[index], record.runs[index]
        assert (run.attempt, run.previous_names) == (2, [first.name])
        assert run.hyperparameters == first.hyperparameters
        earlier = folder / f"{first.name}.dat"
        assert read_log(earlier)["Accuracy"].value.tolist() == [run.hyperparameters["x"]]
        message = (folder / f"{run.name}.log").read_text()
        assert message == f"2 {json.dumps([str(earlier)])}\n"
    again = run_sweep(config, logdir=tmp_path / "again", workers=1)
    assert combinations(list(record.runs.values())) == combinations(again.runs)


def test_runs_that_survive_their_orchestrator_are_adopted(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path,
        "waits_for_file.py",
        max_runs=3,
        hyperparameters={"until": choice(str(flag)), "exit_code": choice(7)},
    )
    kill_orchestrator(start_sweep(tmp_path, "--workers", "2"))
    folder = sweep_folder(tmp_path / "runs")
    before = state_of(folder)
    found = find_item(str(folder), tmp_path)
    assert found.record.state == "lost"
    assert [run.state for run in found.record.runs.values()] == ["running"] * 2

    sweep = start_command("sweep", "--resume", folder.name, folder=tmp_path)
    wait_until(lambda: "adopted" in (folder / "journal.jsonl").read_text(), "the adoption")
    flag.touch()
    assert sweep.wait(60) == 1
    record = state_of(folder)
    assert started(folder) == [(1, 1), (2, 1), (3, 1)]
    for run in record.runs.values():
        assert (run.state, run.exit_code, run.reason) == ("failed", 7, "exit code 7: ready")
        assert run.best_value == 1.0
    assert [record.runs[i].ref for i in (1, 2)] == [before.runs[i].ref for i in (1, 2)]


def test_exit_codes_of_unwatched_runs_are_known(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path,
        "waits_for_file.py",
        max_runs=2,
        hyperparameters={"until": choice(str(flag)), "exit_code": choice(0, 5)},
        seed=1,
    )
    kill_orchestrator(start_sweep(tmp_path, "--workers", "2"))
    folder = sweep_folder(tmp_path / "runs")
    pid = pid_of(state_of(folder).runs[2])
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    flag.touch()
    wait_until(lambda: not processes_with(str(tmp_path)), "the runs and their supervisor to end")
    code = state_of(folder).runs[1].hyperparameters["exit_code"]
    state = "failed" if code else "finished"
    shown = json.loads(run_command("show", folder, "--json", folder=tmp_path).stdout)
    assert shown["state"] == "lost"
    ended = [(state, code), ("failed", -11)]
    assert [(run["state"], run["exit_code"]) for run in shown["runs"]] == ended

    run_command("sweep", "--resume", folder, folder=tmp_path)
    record = state_of(folder)
    assert started(folder) == [(1, 1), (2, 1)]
    assert [(run.state, run.exit_code) for run in record.runs.values()] == ended


def test_adopted_run_is_stopped_early(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    write_config(
        tmp_path,
        "improves_until.py",
        max_runs=1,
        early_stopping=True,
        early_stopping_patience=5,
        hyperparameters={"until": choice(str(flag))},
    )
    kill_orchestrator(start_sweep(tmp_path, "--workers", "1"))
    folder = sweep_folder(tmp_path / "runs")
    sweep = start_command("sweep", "--resume", folder, folder=tmp_path)
    wait_until(lambda: "adopted" in (folder / "journal.jsonl").read_text(), "the adoption")
    flag.touch()
    assert sweep.wait(60) == 0
    run = state_of(folder).runs[1]
    assert (run.state, run.attempt) == ("early_stopped", 1)
    assert "no better than" in (run.reason or "")
    assert processes_with(str(tmp_path)) == []


def test_interrupting_a_resumed_sweep_stops_what_it_adopted(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "waits_for_file.py",
        max_runs=2,
        hyperparameters={"until": choice(str(tmp_path / "never"))},
    )
    kill_orchestrator(start_sweep(tmp_path, "--workers", "2"))
    folder = sweep_folder(tmp_path / "runs")
    sweep = start_command("sweep", "--resume", folder, folder=tmp_path)
    wait_until(lambda: (folder / "journal.jsonl").read_text().count("adopted") == 2, "adoption")
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(60) == 130
    assert state_of(folder).counts == {"killed": 2}
    wait_until(lambda: processes_with(str(tmp_path)) == [], "the old supervisor to end")


def test_start_that_the_journal_missed_is_not_run_twice(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(flag))}
    )
    kill_orchestrator(start_sweep(tmp_path, "--workers", "1"))
    folder = sweep_folder(tmp_path / "runs")
    pid = pid_of(state_of(folder).runs[1])
    journal = folder / "journal.jsonl"
    lines = [line for line in journal.read_bytes().splitlines(True) if b'"started"' not in line]
    journal.write_bytes(b"".join(lines))
    sweep = start_command("sweep", "--resume", folder, folder=tmp_path)
    wait_until(lambda: "adopted" in journal.read_text(), "the adoption")
    flag.touch()
    assert sweep.wait(60) == 0
    assert started(folder) == [(1, 1)]
    assert pid_of(state_of(folder).runs[1]) == pid


def test_run_whose_supervisor_was_killed_is_judged_by_its_log(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path, "waits_for_file.py", max_runs=2, hyperparameters={"until": choice(str(flag))}
    )
    sweep = start_sweep(tmp_path, "--workers", "1")
    folder = sweep_folder(tmp_path / "runs")
    pid = pid_of(state_of(folder).runs[1])
    parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    os.kill(int(parent), signal.SIGKILL)
    flag.touch()
    assert sweep.wait(60) == 0
    runs = state_of(folder).runs
    assert [(run.state, run.exit_code) for run in runs.values()] == [
        ("finished", None),
        ("finished", 0),
    ]


@pytest.mark.parametrize("how", ["file", "argument"])
def test_raised_max_runs_continues_as_the_seed_determines(tmp_path: Path, how: str) -> None:
    config = write_config(tmp_path, "short.py", max_runs=2)
    first = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    if how == "file":
        write_config(tmp_path, "short.py", max_runs=5)
        result = resume(first.folder)
    else:
        result = resume(first.folder.name, logdir=tmp_path / "runs", max_runs=5)
    assert [(run.state, run.attempt) for run in result.runs] == [("finished", 1)] * 5
    assert [run.name for run in result.runs[:2]] == [run.name for run in first.runs]
    whole = run_sweep(config, logdir=tmp_path / "whole", workers=1, seed=first.seed)
    assert combinations(result.runs)[: len(whole.runs)] == combinations(whole.runs)
    assert len(result.runs) == 5
    assert resume(first.folder).record.max_runs == 5


def test_number_of_runs_is_reported_with_those_that_ran(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=1)
    assert ": 1 run, " in run_command("sweep", folder=tmp_path).stderr
    again = ("sweep", "--resume", sweep_folder(tmp_path / "runs"), "--max-runs")
    assert ": 2 runs, " in run_command(*again, "2", folder=tmp_path).stderr
    done = run_command(*again, "1", folder=tmp_path)
    assert done.returncode == 0
    assert ": 2 runs, " in done.stderr


def test_other_changes_of_the_configuration_are_reported_and_ignored(tmp_path: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=1)
    first = run_sweep(config, logdir=tmp_path / "runs")
    write_config(tmp_path, "short.py", max_runs=2, hyperparameters={"x": choice(7)})
    result = resume(first.folder)
    assert result.runs[1].hyperparameters["x"] < 1
    (warning,) = result.record.warnings
    assert "has changed since the sweep began (hyperparameters)" in warning


def test_resumed_sweep_has_the_runs_of_its_command_line_until_its_file_changes(
    tmp_path: Path,
) -> None:
    config = write_config(tmp_path, "short.py", max_runs=5)
    done = run_command("sweep", "--max-runs", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = sweep_folder(tmp_path / "runs")
    assert run_command("sweep", "--resume", folder, folder=tmp_path).returncode == 0
    assert len(state_of(folder).runs) == 1
    config.write_text(config.read_text().replace('"max_runs": 5', '"max_runs": 3'))
    assert run_command("sweep", "--resume", folder, folder=tmp_path).returncode == 0
    assert len(state_of(folder).runs) == 3
