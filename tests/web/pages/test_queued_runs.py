"""Runs that wait in an engine's queue, on the pages."""

from pathlib import Path
from typing import Any

from pages import Client, finished_run, text_of, write_sweep

REF = {"executor": "queue", "id": "42", "label": "job 42"}


def queued(index: int) -> list[dict[str, Any]]:
    name = f"r_{index}"
    return [
        {"event": "sampled", "time": 1.0, "index": index, "hyperparameters": {"lr": 0.1}},
        {"event": "submitting", "time": 2.0, "index": index, "name": name, "attempt": 1, "slot": 0},
        {"event": "submitted", "time": 2.1, "index": index, "ref": REF},
        {"event": "queued", "time": 2.2, "index": index, "reason": "waiting for resources"},
    ]


def started(index: int) -> dict[str, Any]:
    place = {"ref": REF, "node": "node7", "gpus": ["0", "1"]}
    return {"event": "started", "time": 62.0, "index": index, "name": f"r_{index}", **place}


def test_queued_run_shows_its_state_and_the_reason(logdir: Path, client: Client) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *queued(2)])
    text = text_of(client.get("/runs/s/r_2").text)
    assert "queued" in text
    assert "waiting for resources" in text
    assert "job 42" in text
    assert "output has been deleted" not in text


def test_suspended_run_shows_how_long_it_was_suspended(logdir: Path, client: Client) -> None:
    suspended = {"event": "suspended", "time": 70.0, "index": 1}
    events = [*queued(1), started(1), suspended]
    write_sweep(logdir / "s", events)
    assert "suspended" in text_of(client.get("/runs/s/r_1").text)
    continued = {"event": "continued", "time": 100.0, "index": 1}
    ended = {"event": "ended", "time": 130.0, "index": 1, "state": "finished"}
    write_sweep(logdir / "t", [*events, continued, ended])
    text = text_of(client.get("/runs/t/r_1").text)
    assert "Suspended for 30" in text
    assert "Ran as job 42" in text


def test_run_that_was_queued_shows_where_it_runs_and_how_long_it_waited(
    logdir: Path, client: Client
) -> None:
    write_sweep(logdir / "s", [*queued(1), started(1)])
    text = text_of(client.get("/runs/s/r_1").text)
    assert "waiting for resources" not in text
    for fact in ("Node node7", "GPUs 0, 1", "Time in the queue 1 m 00 s"):
        assert fact in text
