"""Archiving and deleting single runs of a sweep."""

import os
import platform
from pathlib import Path

import pytest
from pages import finished_run, write_sweep

from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.reports.entries import list_reports
from ml_tracking_ops.orchestrator.store.catalog import Catalog, find_item
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.orchestrator.store.removal.runs import (
    archive_runs,
    delete_runs,
    plan_run_deletion,
)
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

SUFFIXES = (".dat", ".log", ".system.dat", ".media.jsonl", ".run.json")


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def folder(logdir: Path) -> Path:
    """Three runs, of which the second is the best, and files of another."""
    events = [
        event for n, value in ((1, 0.5), (2, 0.9), (3, 0.7)) for event in finished_run(n, value)
    ]
    write_sweep(logdir / "s", events)
    for index in (1, 2, 3):
        for suffix in SUFFIXES:
            (logdir / "s" / f"run_{index:04d}{suffix}").write_bytes(b"x")
    (logdir / "s" / "run_0002.files").mkdir()
    (logdir / "s" / "run_0002.files" / "model.pt").write_bytes(b"x" * 100)
    (logdir / "s" / "notes.txt").write_text("mine")
    return logdir / "s"


def sweep_of(folder: Path) -> Sweep:
    found = find_item(str(folder), folder.parent)
    assert isinstance(found, Sweep)
    return found


def best_of(folder: Path) -> int | None:
    best = sweep_of(folder).best
    return None if best is None else best.index


def test_archived_run_does_not_count_until_it_is_unarchived(folder: Path, logdir: Path) -> None:
    journal = (folder / "journal.jsonl").read_bytes()
    archive_runs(sweep_of(folder), [2])
    assert best_of(folder) == 3
    (entry,) = list_reports(Catalog(logdir))
    assert entry["best_value"] == 0.7
    archive_runs(sweep_of(folder), [2], is_archived=False)
    assert best_of(folder) == 2
    assert (folder / "journal.jsonl").read_bytes() == journal
    assert (folder / "run_0002.dat").is_file()


def test_deleted_run_loses_its_files_and_the_journal_keeps_its_end(
    folder: Path, logdir: Path
) -> None:
    journal = (folder / "journal.jsonl").read_bytes()
    plan = plan_run_deletion(sweep_of(folder), [2], logdir)
    assert plan.n_files == len(SUFFIXES) + 1
    delete_runs(sweep_of(folder), [2], logdir)
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith("run_"))
    assert not any(name.startswith("run_0002") for name in left)
    assert len(left) == 2 * len(SUFFIXES)
    assert (folder / "notes.txt").is_file()
    assert (folder / "journal.jsonl").read_bytes() == journal
    sweep = sweep_of(folder)
    assert sweep.record.runs[2].best_value == 0.9
    assert [run.index for run in sweep.results] == [1, 3]
    assert best_of(folder) == 3


def test_deleted_run_that_runs_again_is_a_result_again(folder: Path, logdir: Path) -> None:
    delete_runs(sweep_of(folder), [2], logdir)
    with_attempt = Journal(folder / "journal.jsonl", print)
    with_attempt.append("started", index=2, name="run_0002_attempt2", attempt=2)
    with_attempt.append("ended", index=2, state="finished", best_value=0.95, best_step=1)
    with_attempt.close()
    assert best_of(folder) == 2


def test_runs_of_a_sweep_that_continues_are_not_deleted(folder: Path, logdir: Path) -> None:
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=os.getpid(), host=platform.node())
    with pytest.raises(UsageError, match="is running"):
        delete_runs(sweep_of(folder), [2], logdir)
    archive_runs(sweep_of(folder), [2])
    assert best_of(folder) == 3
    journal.append("started", index=3, name="run_0003_attempt2", attempt=2)
    with pytest.raises(UsageError, match="run 3 has not ended"):
        archive_runs(sweep_of(folder), [3])
    journal.close()


def test_runs_outside_the_log_folder_are_not_deleted(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not in the log folder"):
        delete_runs(sweep_of(folder), [2], tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="has no run 9"):
        delete_runs(sweep_of(folder), [9], folder.parent)
