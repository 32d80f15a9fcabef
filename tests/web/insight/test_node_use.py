"""Which nodes ran what, and which jobs wait, from a journal alone."""

from pathlib import Path
from typing import Any

from pages import Client, text_of, write_sweep

from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord
from ml_tracking_ops.web.insight.node_use import list_jobs, measure_nodes

NOW = 200.0


def job(index: int, at: float, node: str | None = None, gpus: tuple[str, ...] = ()) -> list[Any]:
    """A run that was submitted and, if it has a node, started ten seconds later."""
    ref = {"executor": "slurm", "id": f"{40 + index} x", "label": f"job {40 + index}"}
    name = {"index": index, "name": f"r_{index}", "attempt": 1, "slot": index - 1}
    events: list[Any] = [
        {"event": "sampled", "time": at, "index": index, "hyperparameters": {"lr": 0.1}},
        {"event": "submitting", "time": at, **name},
        {"event": "submitted", "time": at, "index": index, "ref": ref},
        {"event": "queued", "time": at, "index": index, "reason": "waiting for resources"},
    ]
    if node is not None:
        place = {"ref": ref, "node": node, "gpus": list(gpus)}
        events.append({"event": "started", "time": at + 10, **name, **place})
    return events


def ended(index: int, at: float) -> dict[str, Any]:
    return {"event": "ended", "time": at, "index": index, "state": "finished", "exit_code": 0}


EVENTS = [
    {"event": "sweep_started", "time": 100.0, "n_workers": 4},
    *job(1, 100.0, "n1", ("0",)),
    *job(2, 101.0, "n1", ("1",)),
    *job(3, 102.0, "n2"),
    *job(4, 103.0),
    ended(1, 150.0),
]


def test_time_on_each_node_is_that_of_its_runs_without_the_queue() -> None:
    record = SweepRecord()
    for event in EVENTS:
        record.apply(event)
    first, second = measure_nodes(record.pool, NOW)
    assert (first.node, first.n_attempts, first.n_running) == ("n1", 2, 1)
    assert first.busy_s == (150 - 110) + (NOW - 111)
    assert first.gpus == ("0", "1")
    assert (second.node, second.n_attempts, second.busy_s) == ("n2", 1, NOW - 112)


def test_jobs_are_those_that_wait_then_those_that_run_then_the_others() -> None:
    record = SweepRecord()
    for event in EVENTS:
        record.apply(event)
    lines = list_jobs("s", record.runs.values(), NOW)
    assert [(one.label, one.state) for one in lines] == [
        ("job 44", "queued"),
        ("job 43", "running"),
        ("job 42", "running"),
        ("job 41", "finished"),
    ]
    assert [(one.queued_s, one.ran_s) for one in lines] == [
        (NOW - 103, None),
        (10, NOW - 112),
        (10, NOW - 111),
        (10, 40),
    ]


def test_workers_view_names_jobs_nodes_gpus_and_reasons(logdir: Path, client: Client) -> None:
    write_sweep(logdir / "s", EVENTS)
    text = text_of(client.get("/sweeps/s?panel=workers").text)
    assert "Each node" in text
    for fact in ("job 44", "waiting for resources", "n2", "job 41"):
        assert fact in text
    spans = client.get("/api/workers/s").json()["spans"]
    assert spans["place"][0] == {"label": "job 41", "node": "n1", "gpus": ["0"], "queued": 10}


def test_sweep_without_a_queue_has_no_nodes(logdir: Path, client: Client) -> None:
    started = {"event": "started", "time": 2.0, "index": 1, "name": "r_1", "slot": 0}
    write_sweep(logdir / "s", [{"event": "sweep_started", "time": 1.0, "n_workers": 1}, started])
    assert "Each node" not in text_of(client.get("/sweeps/s?panel=workers").text)
    assert "place" not in client.get("/api/workers/s").json()["spans"]
