"""Links, and other people's folders, in the place of what lies in a log folder."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from other_users import STRANGER, needs_root

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.guarded import READ, guard_folder, open_folder, open_guarded
from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.errors import AnnotationError, SweepError, UsageError
from ml_tracking_ops.orchestrator.running.control import SweepControl
from ml_tracking_ops.orchestrator.running.pool import Pool
from ml_tracking_ops.orchestrator.running.runs.active import ActiveRuns
from ml_tracking_ops.orchestrator.running.runs.recorder import ChangeSignal, Recorder
from ml_tracking_ops.orchestrator.running.runs.sweep_ending import SweepEnding
from ml_tracking_ops.orchestrator.steering.requests import new_request, read_requests, submit
from ml_tracking_ops.orchestrator.store.annotations import annotate
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.files.open_folder import opened_folder
from ml_tracking_ops.orchestrator.store.journal import Journal, JournalTail
from ml_tracking_ops.orchestrator.store.removal import housekeeping
from ml_tracking_ops.orchestrator.store.removal.housekeeping import delete
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

LINK = "Too many levels of symbolic links|Not a directory"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    guard_folder(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A folder elsewhere, with files that look as a sweep's do."""
    folder = tmp_path / "precious"
    folder.mkdir()
    for name in ("thesis.tex", "0.json", f"{1:020d}-0123abcd.json", "annotations.json"):
        (folder / name).write_text("{}")
    return folder


@pytest.fixture
def sweep(logdir: Path) -> Path:
    folder = logdir / "sweep"
    folder.mkdir()
    (folder / "experiment_description.json").write_text(json.dumps({"config": {}, "seed": 1}))
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=1, host="here")
    journal.append("sweep_ended", state="finished")
    journal.close()
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def take_in(folder: Path, before: Callable[[], object] = lambda: None) -> list[dict[str, object]]:
    """What becomes of the requests in a sweep's folder, none of which is for a run or the pool."""
    message: list[dict[str, object]] = []
    text = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "choice", "candidates": [1]}},
        "early_stopping": False,
    }
    config = SweepConfig.model_validate({**text, "max_runs": 1})
    changes, journal = ChangeSignal(), Journal(folder / "journal.jsonl", print)
    recorder = Recorder(journal, SweepRecord(), message.append, changes)
    active = ActiveRuns(recorder, grace_s=1.0)
    ending = SweepEnding(config, recorder, active, changes)
    control = SweepControl(folder, recorder, active, ending, cast(Pool, None), changes)
    before()
    control.take_in()
    journal.close()
    return message


def replace_by_link(folder: Path, target: Path) -> None:
    folder.rename(folder.with_name(f"{folder.name} of before"))
    folder.symlink_to(target)


def test_requests_behind_a_link_are_neither_read_nor_removed(sweep, precious):
    (sweep / "requests").symlink_to(precious)
    kept = contents(precious)
    assert take_in(sweep) == []
    assert contents(precious) == kept


def test_requests_of_a_replaced_sweep_are_not_removed(sweep, tmp_path, precious):
    (tmp_path / "other").mkdir()
    precious.rename(tmp_path / "other" / "requests")
    kept = contents(tmp_path / "other" / "requests")
    assert take_in(sweep, lambda: replace_by_link(sweep, tmp_path / "other")) == []
    assert contents(tmp_path / "other" / "requests") == kept


def test_only_files_of_our_own_form_are_taken_in(sweep):
    (sweep / "requests").mkdir()
    kept = ["thesis.tex", "1.json", f"{1:020d}-0123abcd.json.bak", f"{1:020d}-0123ABCD.json"]
    for name in kept:
        (sweep / "requests" / name).write_text("{}")
    submit(sweep, new_request("pause", "me"))
    assert [one["outcome"] for one in take_in(sweep)] == ["done"]
    assert sorted(contents(sweep / "requests")) == sorted(kept)


def test_request_that_is_a_link_is_refused_and_the_link_alone_removed(sweep, precious):
    name = f"{1:020d}-0123abcd.json"
    (precious / "pause").write_text(json.dumps({"action": "pause"}))
    (sweep / "requests").mkdir()
    (sweep / "requests" / name).symlink_to(precious / "pause")
    assert [one["outcome"] for one in take_in(sweep)] == ["refused"]
    assert not (sweep / "requests" / name).is_symlink()
    assert (precious / "pause").exists()


def test_no_request_is_made_through_a_link(sweep, precious):
    (sweep / "requests").symlink_to(precious)
    kept = contents(precious)
    with pytest.raises(SweepError, match="cannot be written"):
        submit(sweep, new_request("stop", "me"))
    assert contents(precious) == kept


@needs_root
def test_folder_of_another_user_in_the_place_of_a_sweep_stops_nothing(sweep):
    def replace() -> None:
        sweep.rename(sweep.with_name("moved"))
        sweep.mkdir()
        submit(sweep, new_request("stop", "stranger"))
        for path in (sweep, sweep / "requests"):
            os.chown(path, STRANGER, STRANGER)

    assert take_in(sweep, replace) == []
    assert len(list(read_requests(sweep))) == 1


def test_annotations_are_not_written_through_a_link(sweep, precious):
    kept = contents(precious)
    replace_by_link(sweep, precious)
    with pytest.raises(AnnotationError):
        annotate(sweep, None, name="x")
    assert contents(precious) == kept


def test_link_in_the_place_of_annotations_is_not_followed(sweep, precious):
    (sweep / "annotations.json").symlink_to(precious / "thesis.tex")
    with pytest.raises(AnnotationError):
        annotate(sweep, None, name="x")
    assert (precious / "thesis.tex").read_text() == "{}"


def test_journal_is_not_written_through_a_link(sweep, precious):
    (sweep / "journal.jsonl").unlink()
    (sweep / "journal.jsonl").symlink_to(precious / "thesis.tex")
    with pytest.raises(OSError, match=LINK):
        Journal(sweep / "journal.jsonl", print)
    assert (precious / "thesis.tex").read_text() == "{}"


def test_metrics_are_not_written_through_a_link(logdir, precious, monkeypatch, capsys):
    target = precious / "thesis.tex"
    (logdir / "run.dat").symlink_to(target)
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / "run.dat"))
    with ExperimentLogger(logdir) as logger:
        logger.add_scalar("Loss", 1.0, 0)
    assert "Too many levels of symbolic links" in capsys.readouterr().err
    assert target.read_text() == "{}"


def test_folder_that_was_replaced_before_the_rename_is_not_deleted(logdir, sweep, precious):
    (item,) = Catalog(logdir).sweeps.values()
    kept = contents(precious)
    look = housekeeping.plan_deletion

    def look_then_replace(*arguments, **options):
        plan = look(*arguments, **options)
        sweep.rename(sweep.with_name("moved"))
        precious.rename(sweep)
        return plan

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(housekeeping, "plan_deletion", look_then_replace)
        with pytest.raises((SweepError, UsageError)):
            delete(item, logdir)
    assert contents(sweep) == kept


def test_folder_replaced_during_the_rename_is_restored(logdir, sweep, precious):
    kept = contents(precious)
    identity = sweep.stat().st_dev, sweep.stat().st_ino
    rename = housekeeping.OpenFolder.rename

    def replace_then_rename(self, name, new_name):
        if name == "sweep" and sweep.stat().st_ino == identity[1]:
            sweep.rename(sweep.with_name("moved"))
            precious.rename(sweep)
        rename(self, name, new_name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(housekeeping.OpenFolder, "rename", replace_then_rename)
        with pytest.raises(OSError, match="was replaced meanwhile"):
            housekeeping._remove_folder(sweep, identity)
    assert contents(sweep) == kept


def test_only_what_a_delete_has_marked_is_removed_later(logdir, sweep):
    for name in (".deleted-0123abcd-theirs", ".deleted-0123abcd-ours", ".deleted-by-hand"):
        (logdir / name).mkdir()
        (logdir / name / "file").touch()
    (logdir / ".deleted-0123abcd-ours" / ".deleted-by-its-owner").touch()
    (logdir / ".deleted-0123abcd-link").symlink_to(logdir / ".deleted-0123abcd-theirs")
    (item,) = Catalog(logdir).sweeps.values()
    delete(item, logdir)
    left = sorted(path.name for path in logdir.iterdir())
    assert left == [".deleted-0123abcd-link", ".deleted-0123abcd-theirs", ".deleted-by-hand"]
    assert (logdir / ".deleted-0123abcd-theirs" / "file").exists()


def test_nothing_is_read_through_a_folder_that_became_a_link(logdir, sweep, precious):
    (precious / "journal.jsonl").write_text('{"event": "sweep_started", "time": 1}\n')
    inner = logdir / "group" / "inner"
    inner.mkdir(parents=True)
    (inner / "run.log").write_text("ours")
    os.close(open_guarded(inner / "run.log", READ))
    replace_by_link(logdir / "group", precious)
    (precious / "inner").mkdir()
    (precious / "inner" / "run.log").write_text("secret")
    for path in (inner / "run.log", logdir / "group" / "journal.jsonl"):
        with pytest.raises(OSError, match=LINK):
            open_guarded(path, READ)
        assert JournalTail(path).read() == []
    with pytest.raises(OSError, match=LINK):
        open_folder(inner)


def test_guarded_folder_itself_may_be_a_link(tmp_path, logdir):
    (logdir / "file").write_text("x")
    (tmp_path / "link").symlink_to(logdir)
    guard_folder(tmp_path / "link")
    os.close(open_guarded(tmp_path / "link" / "file", READ))
    with opened_folder(tmp_path / "link") as found:
        assert found.read("file", 10) == b"x"


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\0b"])
def test_open_folder_takes_names_alone(tmp_path, name):
    with opened_folder(tmp_path) as folder, pytest.raises(ValueError, match="not a file name"):
        folder.write(name, "x")


def test_files_and_folders_are_never_writable_for_others(tmp_path, logdir, sweep):
    before = os.umask(0)
    try:
        with ExperimentLogger(tmp_path / "a" / "b") as logger:
            logger.add_scalar("Loss", 1.0, 0)
        annotate(sweep, None, name="x")
        submit(sweep, new_request("stop", "me"))
        Journal(tmp_path / "a" / "journal.jsonl", print).close()
    finally:
        os.umask(before)
    written = [*(tmp_path / "a").rglob("*"), tmp_path / "a", *(sweep / "requests").rglob("*")]
    written += [sweep / "requests", sweep / "annotations.json"]
    assert len(written) >= 8
    for path in written:
        assert not path.stat().st_mode & 0o022, path
