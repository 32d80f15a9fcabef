"""What the terminal says of runs that an engine with a queue has."""

import json
from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.cli.main import main

REF = {"executor": "slurm", "id": "42 x", "label": "job 42"}


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "s"
    folder.mkdir(parents=True)
    (folder / "experiment_description.json").write_text('{"config": {}}')
    name: dict[str, Any] = {"index": 1, "name": "r_1", "attempt": 1, "slot": 0}
    place = {"ref": REF, "node": "n7", "gpus": ["0", "1"]}
    events: list[dict[str, Any]] = [
        {"event": "sweep_started", "time": 100.0, "n_workers": 2},
        {"event": "sampled", "time": 100.0, "index": 1, "hyperparameters": {"lr": 0.1}},
        {"event": "submitting", "time": 100.0, **name},
        {"event": "submitted", "time": 100.0, "index": 1, "ref": REF},
        {"event": "started", "time": 130.0, **name, **place},
        {"event": "ended", "time": 190.0, "index": 1, "state": "finished", "exit_code": 0},
        {"event": "sampled", "time": 190.0, "index": 2, "hyperparameters": {"lr": 0.2}},
        {"event": "submitting", "time": 190.0, **name, "index": 2, "name": "r_2"},
        {"event": "queued", "time": 190.0, "index": 2, "reason": "waiting for resources"},
    ]
    (folder / "journal.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    for one in ("r_1", "r_2"):
        (folder / f"{one}.dat").touch()
    return tmp_path / "runs"


def test_sweep_is_listed_with_jobs_nodes_and_the_reason_of_what_waits(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(logdir / "s"), "--logdir", str(logdir)]) == 0
    heads, first, second = capsys.readouterr().out.splitlines()[1:4]
    assert heads.split()[:5] == ["RUN", "NAME", "STATE", "JOB", "NODE"]
    assert "job 42" in first
    assert "n7" in first
    assert "waiting for resources" in second


def test_run_is_shown_with_its_time_in_the_queue_apart_from_its_run_time(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(logdir / "s" / "r_1.dat"), "--logdir", str(logdir)]) == 0
    message = capsys.readouterr().out
    assert "job 42 on n7, GPUs 0, 1; 30.0s in the queue; ran for 1m00s" in message
