"""A sweep is running while its orchestrator is, and a process number alone proves nothing."""

import json
import os
import platform
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.store import sweep_folder
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep
from ml_tracking_ops.orchestrator.supervision.process_table import is_alive, process_identity


def sweep_of(logdir: Path, identity: str | None) -> Sweep:
    """A sweep whose journal names this process, with this identity, as its orchestrator."""
    folder = logdir / "s"
    folder.mkdir(parents=True)
    (folder / "experiment_description.json").write_text('{"config": {}}')
    here = {"pid": os.getpid(), "host": platform.node(), "process_identity": identity}
    run = {"index": 1, "name": "r_1", "pid": os.getpid(), "process_identity": identity}
    events = [
        {"event": "sweep_started", "time": 1.0, "n_workers": 1, **here},
        {"event": "sampled", "time": 1.0, "index": 1, "hyperparameters": {}},
        {"event": "started", "time": 1.0, **run},
    ]
    (folder / "journal.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    (sweep,) = Catalog(logdir).sweeps.values()
    return sweep


@pytest.fixture
def _without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system that has none."""
    monkeypatch.setattr(sweep_folder, "is_held", lambda path: None)


@pytest.mark.usefixtures("_without_locks")
def test_sweep_of_a_living_process_is_running(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, process_identity(os.getpid()))
    assert (sweep.record.state, sweep.record.counts) == ("running", {"running": 1})


@pytest.mark.usefixtures("_without_locks")
@pytest.mark.parametrize("identity", ["another-boot:1", None])
def test_reused_process_number_does_not_keep_a_dead_sweep_running(
    tmp_path: Path, identity: str | None
) -> None:
    sweep = sweep_of(tmp_path, identity)
    assert (sweep.record.state, sweep.record.counts) == ("lost", {"lost": 1})


def copied(tmp_path: Path, **changes: object) -> Sweep:
    """A copy of a sweep that runs, as rsync leaves it."""
    sweep = sweep_of(tmp_path, process_identity(os.getpid()))
    journal = sweep.path / "journal.jsonl"
    first, *others = journal.read_text().splitlines()
    event = json.dumps({**json.loads(first), "file": "0:0", **changes})
    journal.write_text("\n".join([event, *others]) + "\n")
    (sweep,) = Catalog(tmp_path).sweeps.values()
    return sweep


def test_copy_of_a_sweep_that_runs_here_is_running(tmp_path: Path) -> None:
    assert copied(tmp_path).record.counts == {"running": 1}


def test_copy_of_a_sweep_that_is_over_here_is_lost(tmp_path: Path) -> None:
    assert copied(tmp_path, process_identity="another-boot:1").record.state == "lost"


def test_copy_from_elsewhere_is_running_while_it_grows(tmp_path: Path) -> None:
    sweep = copied(tmp_path, host="gpu-node-7")
    assert (sweep.record.state, sweep.record.counts) == ("running", {"running": 1})
    for path in sweep.path.iterdir():
        os.utime(path, (1e9, 1e9))
    (again,) = Catalog(tmp_path).sweeps.values()
    assert (again.record.state, again.record.counts) == ("lost", {"lost": 1})


def test_process_is_alive_only_with_its_identity() -> None:
    own = process_identity(os.getpid())
    assert is_alive(os.getpid(), own)
    assert not is_alive(os.getpid(), "another-boot:1")
    assert not is_alive(os.getpid(), None)
    assert not is_alive(None, own)
