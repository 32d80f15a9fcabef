"""Runs that fail one after the other, and runs that the system kills."""

from pathlib import Path

import pytest
from sweeps import (
    choice,
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.executors.local.memory_kills import MemoryKills
from ml_tracking_ops.orchestrator.running.runs.failing_fast import FailureStreak
from ml_tracking_ops.orchestrator.store.histories.history import RunEnded


def failures(streak: FailureStreak, *runs: int, is_any_healthy: bool = False) -> list[bool]:
    return [streak.see_failure(run, is_any_healthy=is_any_healthy) for run in runs]


def test_three_failures_are_too_many_before_a_success_and_ten_after() -> None:
    streak = FailureStreak(None)
    assert failures(streak, 1, 2, 3) == [False, False, True]
    streak.see_success()
    assert failures(streak, *range(4, 14)) == [False] * 9 + [True]


def test_success_in_between_begins_the_count_again() -> None:
    streak = FailureStreak(2)
    assert failures(streak, 1) == [False]
    streak.see_success()
    assert failures(streak, 2, 3) == [False, True]


def test_failures_beside_healthy_runs_stop_nothing() -> None:
    streak = FailureStreak(None)
    assert failures(streak, 2, 4, 6, is_any_healthy=True) == [False] * 3


def test_zero_turns_it_off() -> None:
    assert not any(failures(FailureStreak(0), *range(1, 200)))


@pytest.mark.parametrize("n_workers", [2, 6])
def test_quick_failures_beside_slow_healthy_runs_stop_nothing(
    tmp_path: Path, n_workers: int
) -> None:
    """Runs 2, 4 and 6 fail before the others have logged anything."""
    flag = tmp_path / "go"
    write_config(
        tmp_path, "waits_or_fails.py", max_runs=6, hyperparameters={"until": choice(str(flag))}
    )
    sweep = start_command("sweep", "--workers", str(n_workers), folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: output.read_text().count(" failed ") >= n_workers / 2, "the failures")
    flag.touch()
    assert sweep.wait(60) == 0
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert record.counts == {"finished": 3, "failed": 3}
    assert record.state == "finished"


def test_broken_machine_does_not_use_up_runs(tmp_path: Path) -> None:
    draw = {"type": "uniform", "min": 0, "max": 1}
    write_config(
        tmp_path,
        "fails_from.py",
        max_runs=200,
        sampler="tpe",
        seed=1,
        hyperparameters={"lr": draw, "fails_from": choice(6)},
    )
    done = run_command("sweep", "--workers", "1", folder=tmp_path)
    assert done.returncode == 1
    folder = sweep_folder(tmp_path / "runs")
    record = state_of(folder)
    assert record.counts == {"finished": 5, "failed": 10}
    why = "paused: 10 runs in a row failed, the last one with: exit code 1: CUDA error: no CUDA"
    assert why in done.stderr
    assert f"sweep {why}" in done.stderr
    assert f"continue it: ml-tracking-ops sweep --resume runs/{folder.name}" in done.stderr
    assert record.state == "failed"
    ended = [event for event in record.history if isinstance(event, RunEnded)]
    assert [event.state for event in ended] == ["finished"] * 5 + ["killed"] * 10


def test_sweep_that_paused_continues_with_what_is_left(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "fails_from.py",
        max_runs=4,
        max_consecutive_failures=2,
        hyperparameters={"fails_from": choice(1)},
    )
    first = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert (first.state, len(first.runs)) == ("failed", 2)
    again = resume(first.folder)
    assert [run.state for run in again.runs] == ["failed"] * 4


def test_failing_fast_is_turned_off(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "fails_from.py",
        max_runs=5,
        max_consecutive_failures=0,
        hyperparameters={"fails_from": choice(1)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert [run.state for run in result.runs] == ["failed"] * 5


def test_run_that_the_system_kills_is_a_failure_and_tried_again(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "fails_from.py",
        max_runs=1,
        retries=1,
        hyperparameters={"size": choice(400)},
        retry_backoff_s=0,
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (run,) = result.runs
    assert (run.state, run.exit_code, run.attempt) == ("failed", -9, 2)
    assert run.reason == "killed by the system, probably out of memory (signal 9, SIGKILL)"
    history = state_of(result.folder).history
    ended = [event for event in history if isinstance(event, RunEnded)]
    assert [event.state for event in ended] == ["failed"]


@pytest.mark.parametrize("name", ["memory.events", "memory.oom_control"])
def test_kernel_counts_the_kills(tmp_path: Path, name: str) -> None:
    counter = tmp_path / name
    counter.write_text("low 0\noom 3\noom_kill 2\noom_group_kill 0\n")
    kills = MemoryKills(counter)
    assert not kills.take_one()
    counter.write_text("low 0\noom 4\noom_kill 4\noom_group_kill 0\n")
    assert [kills.take_one() for _ in range(3)] == [True, True, False]
    counter.unlink()
    assert not kills.take_one()


def test_counter_of_this_machine_can_be_read() -> None:
    assert not MemoryKills().take_one()
