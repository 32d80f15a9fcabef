"""Time limits, retries, and what ends a whole sweep, with real processes."""

import math
import signal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sweeps import (
    choice,
    processes_with,
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.running.runs.attempts import Attempt, AttemptQueue, backoff_s
from ml_tracking_ops.orchestrator.running.runs.limits import SweepLimits
from ml_tracking_ops.orchestrator.store.journal import JournalTail


def events_of(result: Any, kind: str) -> list[dict[str, Any]]:
    events = JournalTail(result.folder / "journal.jsonl").read()
    return [event for event in events if event["event"] == kind]


def limits(**changes: Any) -> SweepLimits:
    source = {
        "main_script_name": "x.py",
        "max_runs": 9,
        "early_stopping": False,
        "hyperparameters": {"x": choice(1)},
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
        **changes,
    }
    return SweepLimits(SweepConfig.model_validate(source))


# --- a run's time ------------------------------------------------------------------------------


def test_run_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    config = write_config(
        tmp_path, "ignores_sigterm.py", max_runs=1, timeout_s=0.5, grace_s=0.1, retries=3
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (run,) = result.runs
    assert (run.state, run.attempt) == ("killed", 1)
    assert run.exit_code in (-signal.SIGKILL, -signal.SIGTERM)  # TERM before it was ignored
    assert "timeout_s was over" in (run.reason or "")
    assert processes_with(str(tmp_path)) == []


# --- retries -----------------------------------------------------------------------------------


def test_failed_run_is_tried_again_and_the_old_log_kept(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    config = write_config(
        tmp_path,
        "flaky.py",
        max_runs=1,
        retries=2,
        retry_backoff_s=0.01,
        hyperparameters={"counter": choice(str(counter)), "succeeds_at": choice(3)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (run,) = result.runs
    assert result.state == "finished"
    assert (run.state, run.attempt, run.reason) == ("finished", 3, None)
    logs = sorted(result.folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    assert [log.read_text() for log in logs] == ["start 1\n", "start 2\n", "start 3\n"]
    values = {log.with_suffix(".dat"): n for n, log in enumerate(logs, start=1)}
    for dat, number in values.items():
        assert read_log(dat)["Accuracy"].step.tolist() == [number]
    retries = events_of(result, "retrying")
    assert [(r["attempt"], r["delay_s"]) for r in retries] == [(2, 0.01), (3, 0.02)]
    assert [e["state"] for e in events_of(result, "ended")] == ["failed", "failed", "finished"]


def test_run_that_keeps_failing_is_failed_after_its_retries(tmp_path: Path) -> None:
    config = write_config(tmp_path, "crashing.py", max_runs=1, retries=1, retry_backoff_s=0)
    (run,) = run_sweep(config, logdir=tmp_path / "runs", workers=1).runs
    assert (run.state, run.attempt) == ("failed", 2)
    assert "no_such_module_anywhere" in (run.reason or "")


def test_other_runs_continue_while_one_waits_to_be_tried_again(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    config = write_config(
        tmp_path,
        "flaky.py",
        max_runs=4,
        retries=1,
        retry_backoff_s=1,
        hyperparameters={"counter": choice(str(counter)), "succeeds_at": choice(2)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert [run.state for run in result.runs] == ["finished"] * 4
    order = [(e["index"], e["attempt"]) for e in events_of(result, "started")]
    assert order[0] == (1, 1)
    assert order.index((1, 2)) > order.index((2, 1))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 99))), st.lists(st.integers(0, 9)))
def test_backlog_returns_due_items_in_order(
    entries: list[tuple[int, int]], asked: list[int]
) -> None:
    backlog = AttemptQueue()
    for due, index in entries:
        backlog.add(Attempt(index, {}), due)
    expected = sorted(entries, key=lambda entry: entry[0])
    for now in sorted(asked):
        attempt = backlog.take(now)
        if expected and expected[0][0] <= now:
            assert attempt is not None
            assert attempt.index == expected.pop(0)[1]
        else:
            assert attempt is None
        assert backlog.next_due == (expected[0][0] if expected else None)
    assert len(backlog) == len(expected)


def test_backoff_doubles() -> None:
    assert [backoff_s(0.5, attempt) for attempt in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert math.isfinite(backoff_s(1.0, 10_000))


# --- the sweep as a whole ----------------------------------------------------------------------


SAVES_AT_THE_END = """
import os, pathlib, time
from ml_tracking_ops.logger import ExperimentLogger

journal = pathlib.Path(os.environ["ML_TRACKING_OPS_RUN_FILE"]).with_name("journal.jsonl")
with ExperimentLogger() as writer:
    while journal.read_text().count('"started"') < 2:
        time.sleep(0.01)
    writer.add_scalar("Accuracy", 0.5, 0)
    while '"stopping"' not in journal.read_text():
        time.sleep(0.01)
    writer.add_scalar("Accuracy", 0.6, 1)
print("model saved")
"""


def test_runs_continue_to_their_end_when_the_target_is_reached(tmp_path: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=50, target=0.5)
    (tmp_path / "short.py").write_text(SAVES_AT_THE_END)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    assert [run.state for run in result.runs] == ["finished", "finished"]
    for run in result.runs:
        assert run.best_value == 0.6
        assert "model saved" in (result.folder / f"{run.name}.log").read_text()
    assert result.state == "finished"
    assert (result.record.reason or "").endswith(
        " reached the target: Accuracy 0.5 at step 0, target 0.5. No new runs start, running ones "
        "continue"
    )


def test_run_that_reaches_the_target_ends_by_itself(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    write_config(
        tmp_path,
        "saves_at_the_end.py",
        max_runs=50,
        target=0.9,
        hyperparameters={"until": choice(str(flag))},
    )
    sweep = start_command("sweep", "--workers", "2", folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: "reached the target" in output.read_text(), "the target")
    flag.touch()
    assert sweep.wait(60) == 0
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert (record.state, len(record.runs)) == ("finished", 2)
    assert {run.state for run in record.runs.values()} == {"finished"}
    logs = list(tmp_path.glob("runs/*/*.log"))
    assert [log.read_text() for log in logs] == ["model saved\n"] * 2


def test_runs_are_stopped_at_the_target_if_that_was_chosen(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "reaches.py",
        max_runs=50,
        target=0.9,
        stop_at_target=True,
        seed=1,
        hyperparameters={"value": choice(0.95)},
    )
    done = run_command("sweep", "--workers", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "reached the target: Accuracy 0.95 at step 1, target 0.9" in done.stderr
    tail = JournalTail(sweep_folder(tmp_path / "runs") / "journal.jsonl")
    events = tail.read()
    (stopping,) = (e for e in events if e["event"] == "stopping")
    assert (stopping["rule"], stopping["value"], stopping["threshold"]) == ("target", 0.95, 0.9)
    ended = [e for e in events if e["event"] == "ended"]
    assert {e["state"] for e in ended} == {"early_stopped"}
    assert all(e["reason"].startswith("stopped with the sweep: run ") for e in ended)
    assert (events[-1]["event"], events[-1]["state"]) == ("sweep_ended", "finished")


def test_target_in_the_last_value_of_a_run_ends_the_sweep(tmp_path: Path) -> None:
    config = write_config(
        tmp_path, "short.py", max_runs=50, target=0.4, hyperparameters={"x": choice(0.5)}
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert (result.state, len(result.runs)) == ("finished", 1)


def test_sweep_ends_after_max_hours(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "reaches.py",
        max_runs=50,
        max_hours=1 / 3600,
        hyperparameters={"value": choice(0.5)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    assert result.state == "finished"
    assert {run.state for run in result.runs} == {"early_stopped"}
    assert "max_hours" in (result.record.reason or "")


def test_sweep_ends_when_the_best_does_not_improve(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "short.py",
        max_runs=50,
        max_runs_without_improvement=3,
        hyperparameters={"x": choice(0.5)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert (result.state, len(result.runs)) == ("finished", 4)
    assert result.record.reason == (
        "3 runs in a row have not improved the best Accuracy, 0.5 of run 1"
    )


def test_running_run_counts_for_the_best() -> None:
    watched = limits(max_runs_without_improvement=2)
    assert watched.see_best(1, 0.5, 1) is None
    assert watched.see_end(2) is None
    assert watched.see_best(3, 0.6, 1) is None  # still running: the two that ended are forgiven
    assert watched.see_end(4) is None
    assert watched.see_end(3) is None
    assert watched.see_end(4) is None  # it was run again: a run counts once
    decision = watched.see_end(5)
    assert decision is not None
    assert decision.threshold == 0.6


def test_target_is_reached_by_equality_and_by_goal() -> None:
    assert limits(target=0.9).see_best(1, 0.9, 4) is not None
    assert limits(target=0.9).see_best(1, 0.89, 4) is None
    assert limits(target=0.1, optimization_goal="min").see_best(1, 0.05, 4) is not None
    assert limits(target=0.1, optimization_goal="min").see_best(1, 0.2, 4) is None
    assert limits().see_best(1, 1e9, 4) is None
