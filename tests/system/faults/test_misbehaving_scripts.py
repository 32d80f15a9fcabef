"""Training scripts that do what no script should: the state is true, and nothing is left."""

import os
import signal
from pathlib import Path

import pytest
from sweeps import (
    choice,
    pid_of,
    processes_with,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import SweepResult, run_sweep


def sweep_of(tmp_path: Path, what: str) -> SweepResult:
    config = write_config(
        tmp_path, "misbehaves.py", max_runs=1, hyperparameters={"what": choice(what)}
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert processes_with(str(tmp_path)) == []
    return result


def metrics(result: SweepResult) -> dict[str, list[float]]:
    log = read_log(result.folder / f"{result.runs[0].name}.dat")
    assert log.n_skipped == 0
    return {name: series.value.tolist() for name, series in log.items()}


def output(result: SweepResult) -> str:
    return (result.folder / f"{result.runs[0].name}.log").read_text()


def test_daemon_that_left_its_session_is_ended_with_the_run(tmp_path: Path) -> None:
    result = sweep_of(tmp_path, "daemonize")
    assert (tmp_path / "daemon").exists()
    assert result.record.counts == {"finished": 1}


def test_daemon_is_ended_though_the_orchestrator_was_killed(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "misbehaves.py",
        max_runs=1,
        hyperparameters={
            "what": choice("daemonize"),
            "then": choice("wait_for_flag"),
        },
    )
    script = tmp_path / "misbehaves.py"
    script.write_text(
        script.read_text().replace("    os._exit(0) if", "    wait_for_flag()\n    0 if")
    )
    sweep = start_command("sweep", folder=tmp_path)
    wait_until(lambda: (tmp_path / "daemon").exists(), "the daemon")
    sweep.kill()
    sweep.wait(60)
    (tmp_path / "misbehaves.go").touch()
    wait_until(lambda: processes_with(str(tmp_path)) == [], "the daemon to be ended")


def test_closed_output_does_no_harm(tmp_path: Path) -> None:
    result = sweep_of(tmp_path, "close_output")
    assert result.record.counts == {"finished": 1}
    assert metrics(result) == {"Accuracy": [1.0]}


def test_output_without_end_is_capped_and_its_ends_kept(tmp_path: Path) -> None:
    result = sweep_of(tmp_path, "write_gigabytes")
    path = result.folder / f"{result.runs[0].name}.log"
    assert path.stat().st_size < 100 << 20
    text = output(result)
    assert text.startswith("the very beginning\n")
    assert text.endswith("the very end\n")
    assert "bytes of output were cut out here]" in text


def test_values_of_sixteen_processes_are_all_there(tmp_path: Path) -> None:
    found = metrics(sweep_of(tmp_path, "log_from_many"))
    assert {name for name in found if name != "Accuracy"} == {f"rank {n}" for n in range(16)}
    assert all(found[f"rank {n}"] == list(range(500)) for n in range(16))


def test_hostile_names_are_names_like_any_other(tmp_path: Path) -> None:
    result = sweep_of(tmp_path, "log_hostile_names")
    assert len(metrics(result)) == 8
    assert result.runs[0].best_value == 1.0


def test_thousands_of_names_are_followed(tmp_path: Path) -> None:
    result = sweep_of(tmp_path, "log_many_names")
    assert len(metrics(result)) == 20_001
    assert result.record.counts == {"finished": 1}


def test_exit_without_cleaning_up_loses_no_value(tmp_path: Path) -> None:
    result = sweep_of(tmp_path, "leave_at_once")
    assert (result.runs[0].state, result.runs[0].exit_code) == ("failed", 4)
    assert metrics(result) == {"Accuracy": [1.0]}


def test_script_that_suspends_itself_is_ended_with_the_sweep(tmp_path: Path) -> None:
    write_config(
        tmp_path, "misbehaves.py", max_runs=1, hyperparameters={"what": choice("stop_itself")}
    )
    sweep = start_command("sweep", folder=tmp_path)
    wait_until(lambda: '"event": "started"' in journal_text(tmp_path), "the run")
    pid = pid_of(state_of(sweep_folder(tmp_path / "runs")).runs[1])
    wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(60) == 130
    assert state_of(sweep_folder(tmp_path / "runs")).counts == {"killed": 1}
    assert processes_with(str(tmp_path)) == []


def journal_text(tmp_path: Path) -> str:
    return "".join(path.read_text() for path in tmp_path.glob("runs/*/journal.jsonl"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_killed_training_loses_no_value(tmp_path: Path, number: signal.Signals) -> None:
    write_config(
        tmp_path,
        "improves_until.py",
        max_runs=1,
        hyperparameters={"until": choice(str(tmp_path / "never"))},
    )
    sweep = start_command("sweep", folder=tmp_path)
    wait_until(lambda: '"event": "started"' in journal_text(tmp_path), "the run")
    folder = sweep_folder(tmp_path / "runs")
    run = state_of(folder).runs[1]
    dat_path = folder / f"{run.name}.dat"
    wait_until(lambda: dat_path.exists() and dat_path.stat().st_size > 32 * 20, "some values")
    pid = pid_of(run)
    assert pid is not None
    os.killpg(pid, number)
    assert sweep.wait(60) == 1
    run = state_of(folder).runs[1]
    assert (run.exit_code, run.state) == (-number, "failed")
    values = read_log(dat_path)["Accuracy"].value.tolist()
    assert values == [float(n) for n in range(1, len(values) + 1)]
    assert run.best_value == values[-1]
    assert processes_with(str(tmp_path)) == []
