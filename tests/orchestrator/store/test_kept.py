"""What is found out of all runs of a sweep is found once, until a run or what users say changes."""

from pathlib import Path

import pytest
from pages import write_sweep

from ml_tracking_ops.orchestrator.store.annotations import edit_file
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

NAME = "2026-01-01_00-00-00"
n_calls = 0


def best_values(sweep: Sweep) -> list[float | None]:
    global n_calls
    n_calls += 1
    return [run.best_value for run in sweep.results]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    write_sweep(tmp_path / NAME, [event for index in (1, 2) for event in events_of(index)])
    return tmp_path


def events_of(index: int) -> list[dict[str, object]]:
    return [
        {"event": "sampled", "index": index, "hyperparameters": {}},
        {"event": "started", "index": index, "name": f"r_{index}", "attempt": 1, "slot": 0},
        {"event": "ended", "index": index, "state": "finished", "best_value": float(index)},
    ]


def test_runs_are_scanned_once_until_one_changes(logdir: Path) -> None:
    catalog = Catalog(logdir)
    sweep = catalog.sweeps[NAME]
    before = n_calls
    for _ in range(3):
        assert sweep.kept(best_values) == [1.0, 2.0]
        catalog.refresh()
    assert n_calls == before + 1
    assert (sweep.best.index if sweep.best else None, dict(sweep.counts)) == (2, {"finished": 2})
    journal = Journal(logdir / NAME / "journal.jsonl", lambda trouble: None)
    for event in events_of(3):
        journal.append(str(event.pop("event")), **event)
    journal.close()
    catalog.refresh()
    assert sweep.kept(best_values) == [1.0, 2.0, 3.0]
    assert (sweep.best.index if sweep.best else None, dict(sweep.counts)) == (3, {"finished": 3})


def test_archived_run_stops_counting_at_once(logdir: Path) -> None:
    catalog = Catalog(logdir)
    sweep = catalog.sweeps[NAME]
    assert sweep.best is not None
    assert sweep.best.index == 2
    edit_file(logdir / NAME, lambda found: found.update(runs={"2": {"archived_at": 5.0}}))
    catalog.refresh()
    assert sweep.kept(best_values) == [1.0]
    assert sweep.best.index == 1
