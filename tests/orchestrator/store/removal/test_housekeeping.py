"""Archiving and deleting: only our files, only after the end, never through a link."""

import json
from pathlib import Path

import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.store.annotations import annotate, read_annotations
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.orchestrator.store.removal.housekeeping import delete


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def log(logdir: Path) -> Path:
    """Write an experiment that has ended, and return its folder."""
    with ExperimentLogger(logdir=str(logdir)) as writer:
        writer.add_scalar("loss", 1.0, 0)
    return Path(writer.folder)


def sweep(logdir: Path, name: str = "sweep") -> Journal:
    """A sweep's folder, with the journal that its orchestrator holds."""
    folder = logdir / name
    folder.mkdir()
    (folder / "experiment_description.json").write_text(json.dumps({"config": {}, "seed": 1}))
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=1, host="here")
    return journal


def only(logdir: Path):
    catalog = Catalog(logdir)
    (item,) = [*catalog.experiments.values(), *catalog.sweeps.values()]
    return item


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_archived_items_leave_the_list_until_unarchived(logdir, capsys):
    name = log(logdir).name
    assert run("archive", name, "--logdir", logdir) == 0
    assert name in capsys.readouterr().out
    assert run("list", "--logdir", logdir) == 0
    assert name not in capsys.readouterr().out
    assert run("list", "--archived", "--logdir", logdir) == 0
    assert name in capsys.readouterr().out
    assert run("unarchive", name, "--logdir", logdir) == 0
    assert run("list", "--logdir", logdir) == 0
    assert name in capsys.readouterr().out


def test_running_items_are_neither_archived_nor_deleted(logdir, capsys):
    with ExperimentLogger(logdir=str(logdir)) as writer:
        writer.add_scalar("loss", 1.0, 0)
        for command in (["archive"], ["delete", "--yes"]):
            assert run(*command, writer.folder, "--logdir", logdir) == 2
            assert "is running" in capsys.readouterr().err
    journal = sweep(logdir)
    for command in (["archive"], ["delete", "--yes"]):
        assert run(*command, "sweep", "--logdir", logdir) == 2
        assert "Stop it before" in capsys.readouterr().err
    journal.append("sweep_ended", state="finished")
    journal.close()
    assert run("delete", "sweep", "--logdir", logdir) == 2
    assert "Add --yes" in capsys.readouterr().err
    assert run("delete", "--yes", "sweep", writer.folder, "--logdir", logdir) == 0
    assert list(logdir.iterdir()) == []


def test_shared_folder_keeps_everything_but_the_log(logdir):
    folder = log(logdir)
    mine = folder.rename(logdir / "project")
    (mine / "model.pt").write_text("weights")
    annotate(mine, folder.name, note="gone with it")
    delete(only(logdir), logdir)
    assert sorted(path.name for path in mine.iterdir()) == ["annotations.json", "model.pt"]
    assert read_annotations(mine).runs == {}


def test_images_go_with_their_run_and_stay_when_it_is_archived(logdir, capsys):
    with ExperimentLogger(logdir=str(logdir)) as writer:
        writer.add_scalar("loss", 1.0, 0)
        writer.add_text("long", "x" * 5_000, 0)
    folder = Path(writer.folder)
    assert run("archive", folder, "--logdir", logdir) == 0
    assert len(list(folder.rglob("logged_media/*.txt"))) == 1
    assert run("delete", "--yes", folder, "--logdir", logdir) == 0
    assert list(logdir.iterdir()) == []


def test_images_of_a_sweep_go_with_it(logdir, capsys, monkeypatch):
    journal = sweep(logdir)
    stem = logdir / "sweep" / "2026-11-23_10-20-01_0001"
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", f"{stem}.dat")
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_DIR", f"{stem}.files")
    with ExperimentLogger() as writer:
        writer.add_text("long", "x" * 5_000, 0)
    journal.append("sweep_ended", state="finished")
    journal.close()
    assert run("delete", "--yes", "sweep", "--logdir", logdir) == 0
    assert list(logdir.iterdir()) == []


def test_foreign_files_are_kept_and_listed(logdir, capsys):
    folder = log(logdir)
    (folder / "labels.csv").write_text("a,b")
    (folder / "data").mkdir()
    (folder / "data" / "tokens.dat").write_bytes(b"1 2 3")
    assert run("delete", "--yes", folder, "--logdir", logdir) == 0
    message = capsys.readouterr().out
    assert (
        f"2 files that ML Tracking Ops did not write will stay: {folder.name}/data/tok" in message
    )
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "labels.csv",
        "tokens.dat",
    ]
    assert not Catalog(logdir).experiments


def test_foreign_files_are_deleted_on_request(logdir):
    folder = log(logdir)
    (folder / "labels.csv").write_text("a,b")
    assert run("delete", "--yes", "--all-files", folder, "--logdir", logdir) == 0
    assert not folder.exists()


def test_deleted_sweep_leaves_files_that_its_scripts_wrote(logdir, capsys):
    journal = sweep(logdir)
    journal.append("sampled", index=1, hyperparameters={})
    journal.append("started", index=1, name="2026-01-01_10-00-00_0001", attempt=1, slot=0)
    journal.append("ended", index=1, state="finished", exit_code=0)
    journal.append("sweep_ended", state="finished")
    journal.close()
    folder = logdir / "sweep"
    for name in ("2026-01-01_10-00-00_0001.dat", "2026-01-01_10-00-00_0001.log", "notes.txt"):
        (folder / name).write_text("text")
    (folder / "2026-01-01_10-00-00_0001.ckpt").write_text("weights")
    (folder / "requests").mkdir()
    assert run("delete", "--yes", "sweep", "--logdir", logdir) == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "2026-01-01_10-00-00_0001.ckpt",
        "notes.txt",
    ]
    assert not Catalog(logdir).sweeps


def test_log_and_configuration_of_the_script_itself_stay(logdir, capsys):
    folder = log(logdir)
    for suffix in (".log", ".json", ".wandb.yaml"):
        (folder / f"{folder.name}{suffix}").write_text("the script's own")
    assert run("delete", "--yes", folder.name, "--logdir", logdir) == 0
    assert "3 files that ML Tracking Ops did not write will stay" in capsys.readouterr().out
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".log", ".yaml"]


def test_output_that_was_kept_goes_with_its_run(logdir):
    assert run("run", "--logdir", logdir, "--", "echo", "hello") == 0
    (folder,) = logdir.iterdir()
    assert (folder / f"{folder.name}.log").read_text() == "hello\n"
    assert run("delete", "--yes", folder.name, "--logdir", logdir) == 0
    assert list(logdir.iterdir()) == []


def test_experiment_below_another_stays(logdir):
    outer = log(logdir)
    inner = log(outer)
    catalog = Catalog(logdir)
    delete(catalog.experiments[outer.name], logdir)
    assert [one.dat_path.parent for one in Catalog(logdir).experiments.values()] == [inner]


def test_delete_follows_no_link_and_leaves_the_log_folder(logdir, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years")
    folder = log(logdir)
    (folder / "checkpoints").symlink_to(precious)
    outside = log(tmp_path / "other")
    (logdir / "link").symlink_to(outside)

    elsewhere = only(tmp_path / "other")
    with pytest.raises(UsageError, match="is not in the log folder"):
        delete(elsewhere, logdir)
    assert run("delete", "--yes", logdir / "link", "--logdir", logdir) == 2
    assert run("delete", "--yes", folder, "--logdir", logdir) == 0
    assert (precious / "thesis.txt").read_text() == "years"
    assert outside.is_dir()


def test_remains_of_a_crashed_delete_are_hidden_and_removed_later(logdir):
    folder = log(logdir)
    left = folder.rename(logdir / ".deleted-01234567-old")
    (left / ".deleted-by-its-owner").touch()
    assert not Catalog(logdir).experiments
    log(logdir)
    delete(only(logdir), logdir)
    assert not left.exists()


def test_annotate_shows_and_changes(logdir, capsys):
    name = log(logdir).name
    say = ["annotate", name, "--logdir", logdir]
    assert run(*say, "--name", "base", "--tag", "a", "--tag", "b", "--note", "n\nm") == 0
    assert run(*say, "--untag", "a", "--tag", "c") == 0
    for option in ("--tag", "--untag"):
        assert run(*say, option, " ") == 2
        assert f"{option} needs a tag that is not empty" in capsys.readouterr().err
    capsys.readouterr()
    assert run(*say, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "base",
        "note": "n\nm",
        "tags": ["b", "c"],
    }
    assert run("show", name, "--logdir", logdir) == 0
    assert "base  #b  #c\n  n\n  m\n" in capsys.readouterr().out
    assert run(*say, "--name", "x" * 101) == 2
    assert "101 characters" in capsys.readouterr().err
