"""Whole sweeps with real training processes."""

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from sweeps import (
    choice,
    pid_of,
    processes_with,
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import ConfigError, UsageError, run_sweep
from ml_tracking_ops.orchestrator.store.journal import JournalTail


def combinations(result: Any) -> list[str]:
    return [json.dumps(run.hyperparameters) for run in result.runs]


def at_once(events: list[dict[str, Any]], begun: str = "started") -> list[int]:
    """How many runs had begun and not ended, after each event."""
    counts, going = [], 0
    for event in events:
        going += {begun: 1, "ended": -1}.get(event["event"], 0)
        counts.append(going)
    return counts


def test_forty_runs_on_four_workers(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "short.py",
        max_runs=40,
        hyperparameters={"x": {"type": "uniform", "min": 0, "max": 1}, "c": choice("a", "b")},
    )
    result = run_sweep(config, logdir=tmp_path / "four", workers=4, seed=11)
    assert result.state == "finished"
    assert [run.index for run in result.runs] == list(range(1, 41))
    assert {run.state for run in result.runs} == {"finished"}
    assert len({run.name for run in result.runs}) == 40

    events = JournalTail(result.folder / "journal.jsonl").read()
    assert max(at_once(events)) == 4
    # while there is work a slot gets a run before anything else happens: never fewer than 3
    given = at_once(events, "sampled")
    draws = [n for n, event in enumerate(events) if event["event"] == "sampled"]
    assert min(given[draws[3] : draws[-1] + 1]) == 3

    for run in result.runs:
        log = read_log(result.folder / f"{run.name}.dat")
        assert log["Accuracy"].value.tolist() == [run.hyperparameters["x"]]
        assert run.best_value == run.hyperparameters["x"]
    assert result.best is max(result.runs, key=lambda run: run.hyperparameters["x"])

    again = run_sweep(config, logdir=tmp_path / "one", workers=1, seed=11)
    assert combinations(again) == combinations(result)


def test_drawn_seed_is_recorded(tmp_path: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=2)
    first = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    description = json.loads((first.folder / "experiment_description.json").read_text())
    assert description["seed"] == first.seed
    assert description["config"] == json.loads(config.read_text())
    again = run_sweep(config, logdir=tmp_path / "runs", workers=1, seed=first.seed)
    assert combinations(again) == combinations(first)
    assert again.folder != first.folder


def test_hopeless_run_is_stopped_early_and_says_why(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "hopeless.py",
        max_runs=2,
        early_stopping=True,
        early_stopping_patience=5,
        hyperparameters={"value": choice(0.25)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    assert result.state == "finished"
    for run in result.runs:
        assert run.state == "early_stopped"
        assert run.reason == ("stopped early at step 5: no better than 0.25 for 5 values")
        assert (run.best_value, run.best_step) == (0.25, 0)
        assert "terminated" in (result.folder / f"{run.name}.log").read_text()
    events = JournalTail(result.folder / "journal.jsonl").read()
    stops = [event for event in events if event["event"] == "stopped_early"]
    assert [(s["rule"], s["step"], s["value"], s["threshold"]) for s in stops] == [
        ("patience", 5, 0.25, 0.25)
    ] * 2


def test_workers_of_a_stopped_run_are_gone(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "with_workers.py",
        max_runs=1,
        early_stopping=True,
        early_stopping_patience=20,
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert result.runs[0].state == "early_stopped"
    assert processes_with(str(tmp_path)) == []


def test_failing_run_keeps_its_last_lines_and_the_sweep_continues(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    flag.touch()
    config = write_config(
        tmp_path,
        "waits_for_file.py",
        max_runs=8,
        seed=3,
        hyperparameters={"until": choice(str(flag)), "exit_code": choice(0, 3)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    codes = {run.hyperparameters["exit_code"] for run in result.runs}
    assert codes == {0, 3}
    assert result.state == "finished"
    for run in result.runs:
        assert run.exit_code == run.hyperparameters["exit_code"]
        assert run.state == ("failed" if run.exit_code else "finished")
        if run.exit_code:
            assert run.output_tail == ("ready",)
            assert run.reason == "exit code 3: ready"


def test_sweep_pauses_when_the_first_runs_all_fail(tmp_path: Path) -> None:
    write_config(tmp_path, "crashing.py", max_runs=100)
    done = run_command("sweep", "--workers", "2", folder=tmp_path)
    assert done.returncode == 1
    paused = r"no more runs start: paused: (\d+) runs in a row failed, the last one with: "
    match = re.search(paused, done.stderr)
    assert match, done.stderr
    n_failed = int(match[1])
    assert 3 <= n_failed <= 12  # four times as many as long as the other worker's run is older
    assert "continue it: ml-tracking-ops sweep --resume runs/" in done.stderr
    assert "No module named 'no_such_module_anywhere'" in done.stderr
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert record.state == "failed"
    assert len(record.runs) <= n_failed + 1


def test_script_that_does_not_accept_logdir_is_explained(tmp_path: Path) -> None:
    config = json.loads(write_config(tmp_path, "short.py").read_text())
    parser = 'parser.add_argument("--x")\nparser.parse_args()\n'
    (tmp_path / "short.py").write_text(
        f"import argparse\nparser = argparse.ArgumentParser()\n{parser}print('Accuracy=1')\n"
    )
    done = run_command("sweep", "--workers", "1", folder=tmp_path)
    assert "unrecognized arguments: --logdir" in done.stderr
    assert 'add "metrics_from": "stdout"' in done.stderr
    config |= {"metrics_from": "stdout", "metrics_pattern": "name=value"}
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    done = run_command("sweep", "--workers", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Accuracy=1" in done.stdout


def test_output_of_a_progress_bar_is_kept_as_displayed(tmp_path: Path) -> None:
    config = write_config(tmp_path, "progress_bar.py", max_runs=1)
    result = run_sweep(config, logdir=tmp_path / "runs")
    assert result.runs[0].output_tail == ("100%", "about to fail")
    assert result.runs[0].reason == "exit code 7: about to fail"
    assert result.state == "failed"


def test_metric_that_is_never_logged_is_reported_with_the_logged_names(tmp_path: Path) -> None:
    write_config(tmp_path, "misnamed_metric.py", max_runs=4)
    done = run_command("sweep", "--workers", "2", folder=tmp_path)
    assert done.returncode == 0
    assert "has not logged the optimization_metric 'Accuracy'" in done.stderr
    assert "It logged 'accuracy', 'Loss'. Did you mean 'accuracy'?" in done.stderr
    assert done.stderr.count("warning") == 2  # as it is seen, and in the summary


def test_nan_is_never_best(tmp_path: Path) -> None:
    config = write_config(
        tmp_path, "nan_metric.py", max_runs=1, optimization_goal="min", check_finite=False
    )
    result = run_sweep(config, logdir=tmp_path / "runs")
    assert (result.runs[0].best_value, result.runs[0].best_step) == (0.25, 2)


def test_run_killed_from_outside_has_that_reason(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(flag))}
    )
    sweep = start_command("sweep", folder=tmp_path)
    wait_until(lambda: list(tmp_path.glob("runs/*/*.dat")), "the run's log")
    folder = sweep_folder(tmp_path / "runs")
    wait_until(lambda: pid_of(state_of(folder).runs[1]), "the run's start in the journal")
    run = state_of(folder).runs[1]
    pid = pid_of(run)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert sweep.wait(60) == 1
    run = state_of(folder).runs[1]
    assert (run.state, run.exit_code) == ("failed", -9)
    assert run.reason == "killed by the system, probably out of memory (signal 9, SIGKILL)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_ends_the_sweep_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    flag = tmp_path / "never"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=9, hyperparameters={"until": choice(str(flag))}
    )
    sweep = start_command("sweep", "--workers", "2", folder=tmp_path)
    wait_until(lambda: len(list(tmp_path.glob("runs/*/*.dat"))) == 2, "two runs")
    sweep.send_signal(number)
    assert sweep.wait(60) == 130
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert record.state == "killed"
    assert record.counts == {"killed": 2}
    assert all("interrupted" in (run.reason or "") for run in record.runs.values())
    assert processes_with(str(tmp_path)) == []


def test_second_interrupt_kills_at_once(tmp_path: Path) -> None:
    write_config(tmp_path, "ignores_sigterm.py", max_runs=9)
    sweep = start_command("sweep", "--workers", "1", folder=tmp_path)
    wait_until(lambda: any("ready" in p.read_text() for p in tmp_path.glob("runs/*/*.log")))
    sweep.send_signal(signal.SIGINT)
    wait_until(lambda: "Ctrl-C again" in (tmp_path / "output").read_text(), "the hint")
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(60) == 130
    assert processes_with(str(tmp_path)) == []


def test_hyperparameters_arrive_unchanged_without_a_shell(tmp_path: Path) -> None:
    script = tmp_path / "echo.py"
    script.write_text("import sys; print(sys.argv[2:])")
    values = ["", "-x", "a b", "$(touch harm)", "é", True, None, 0.1, [1, "a"]]
    texts = ["", "-x", "a b", "$(touch harm)", "é", "True", "None", "0.1", '[1, "a"]']
    config = {
        "main_script_name": "echo.py",
        "max_runs": 1,
        "early_stopping": False,
        "hyperparameters": {f"h{i}": choice(value) for i, value in enumerate(values)},
    }
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    result = run_sweep(tmp_path / "experiment_cfg.json", logdir=tmp_path / "runs")
    output = (result.folder / f"{result.runs[0].name}.log").read_text()
    assert output.strip() == repr([f"--h{i}={text}" for i, text in enumerate(texts)])
    assert not (tmp_path / "harm").exists()


def test_run_sweep_works_where_a_loop_is_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_config(tmp_path, "short.py", max_runs=1)
    monkeypatch.chdir(tmp_path)

    async def notebook() -> str:
        return run_sweep(json.loads(path.read_text()), logdir="runs").state

    assert asyncio.run(notebook()) == "finished"


def test_run_sweep_refuses_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="number of workers must be from 1 to 1000, got 0"):
        run_sweep(write_config(tmp_path, "short.py"), workers=0)
    with pytest.raises(ConfigError, match="no such file"):
        run_sweep(tmp_path / "nowhere.json")


def test_events_are_reported_as_they_happen(tmp_path: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=1)
    events: list[str] = []
    run_sweep(
        config, logdir=tmp_path / "runs", on_event=lambda event: events.append(event["event"])
    )
    message = [event for event in events if event != "improved"]
    assert message == ["sweep_started", "sampled", "started", "ended", "sweep_ended"]


def test_runs_share_the_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "77")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    script = tmp_path / "threads.py"
    script.write_text(
        "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['MKL_NUM_THREADS'])"
    )
    config = {
        "main_script_name": "threads.py",
        "max_runs": 1,
        "early_stopping": False,
        "hyperparameters": {"x": choice(1)},
    }
    monkeypatch.chdir(tmp_path)
    result = run_sweep(config, logdir="runs", workers=1_000)
    log = (result.folder / f"{result.runs[0].name}.log").read_text()
    assert log.split() == ["77", "1"]


def test_asha_stops_the_worse_and_patience_the_rest(tmp_path: Path) -> None:
    """One at a time, the best first: both that follow are worse than it was at the rung."""
    config = write_config(
        tmp_path,
        "hopeless.py",
        max_runs=3,
        seed=2,
        early_stopping=True,
        early_stopping_patience=60,
        hyperparameters={"value": {"type": "uniform", "min": 0, "max": 1}},
        stopping_rules=[{"rule": "asha", "min_resource": 3, "reduction_factor": 2}],
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    events = JournalTail(result.folder / "journal.jsonl").read()
    stopped = {event["index"]: event for event in events if event["event"] == "stopped_early"}
    best = max(result.runs, key=lambda run: run.hyperparameters["value"])
    assert best.index == 1
    assert stopped.pop(best.index)["rule"] == "patience"
    assert [event["rule"] for event in stopped.values()] == ["asha", "asha"]
    for event in stopped.values():
        assert (event["metric"], event["step"]) == ("Accuracy", 3)
        assert event["value"] < event["threshold"]
        assert "best 1/2 of" in event["reason"]


def test_metric_that_turns_nan_stops_the_run_by_default(tmp_path: Path) -> None:
    script = tmp_path / "diverges.py"
    script.write_text(
        "import math, time\n"
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "writer = ExperimentLogger()\n"
        "writer.add_scalar('Accuracy', 0.5, 1)\n"
        "writer.add_scalar('Accuracy', math.nan, 2)\n"
        "time.sleep(600)\n"
    )
    config = write_config(tmp_path, "short.py", max_runs=1, main_script_name="diverges.py")
    (run,) = run_sweep(config, logdir=tmp_path / "runs").runs
    assert (run.state, run.best_value) == ("early_stopped", 0.5)
    assert run.reason == "stopped early at step 2: Accuracy was NaN"


def test_threshold_may_watch_another_metric(tmp_path: Path) -> None:
    script = tmp_path / "diverges.py"
    script.write_text(
        "import time\n"
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "ExperimentLogger().add_scalars({'Accuracy': 0.5, 'Loss': 1e6}, 1)\n"
        "time.sleep(600)\n"
    )
    config = write_config(
        tmp_path,
        "short.py",
        max_runs=1,
        main_script_name="diverges.py",
        stopping_rules=[{"rule": "threshold", "metric": "Loss", "above": 100}],
    )
    (run,) = run_sweep(config, logdir=tmp_path / "runs").runs
    assert run.reason == "stopped early at step 1: Loss was 1e+06, above 100"
