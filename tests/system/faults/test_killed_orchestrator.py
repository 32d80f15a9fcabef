"""The orchestrator is killed at any moment, and the sweep continues as if nothing had happened."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from sweeps import (
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
from ml_tracking_ops.orchestrator.store.journal import JournalTail

N_KILLS = 50
N_RUNS = 60
MOST_BYTES = 1_500


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.timeout(600)  # it starts fifty orchestrators
def test_every_combination_runs_once_though_its_orchestrator_is_killed(
    tmp_path: Path, moments: Random
) -> None:
    """Killed after a random number of bytes in the journal: at any point of its work."""
    config = write_config(tmp_path, "appends.py", max_runs=N_RUNS, seed=3)
    first = start_command("sweep", "--workers", "2", folder=tmp_path)
    wait_until(lambda: list(tmp_path.glob("runs/*/journal.jsonl")), "the journal")
    first.kill()
    first.wait(60)
    folder = sweep_folder(tmp_path / "runs")
    journal = folder / "journal.jsonl"
    for _ in range(N_KILLS - 1):
        enough = size_of(journal) + moments.randrange(MOST_BYTES)
        sweep = start_command("sweep", "--resume", folder, folder=tmp_path)
        wait_until(
            lambda sweep=sweep, enough=enough: size_of(journal) >= enough or sweep.poll() == 0,
            "the moment",
        )
        sweep.kill()
        sweep.wait(60)
    done = run_command("sweep", "--resume", folder, folder=tmp_path)
    assert done.returncode == 0, done.stderr

    record = state_of(folder)
    assert record.counts == {"finished": N_RUNS}
    assert {run.attempt for run in record.runs.values()} == {1}
    ran = Counter((tmp_path / "ran").read_text().split())
    assert ran == Counter(str(folder / f"{run.name}.dat") for run in record.runs.values())
    for run in record.runs.values():
        assert read_log(folder / f"{run.name}.dat")["Accuracy"].value.tolist() == [*range(20)]
    ended = Counter(e["index"] for e in JournalTail(journal).read() if e["event"] == "ended")
    assert set(ended.values()) == {1}
    assert processes_with(str(tmp_path)) == []

    again = run_sweep(config, logdir=tmp_path / "again", workers=2)
    assert [run.hyperparameters for run in again.runs] == [
        record.runs[index].hyperparameters for index in range(1, N_RUNS + 1)
    ]
