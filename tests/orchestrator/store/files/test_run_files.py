"""The folder for a run's own files: how it is created, listed and deleted."""

import json
import os
from pathlib import Path

import pytest
from sweeps import run_command, write_config

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.files.run_files import has_files, list_files, open_file
from ml_tracking_ops.orchestrator.store.removal.housekeeping import delete, plan_deletion


def test_attempts_at_a_run_share_a_folder_that_the_command_names(tmp_path: Path) -> None:
    command = ["${interpreter}", "${program}", "--out=${run_dir}", "${args}"]
    write_config(tmp_path, "saves_files.py", command=command, max_runs=1, retries=1)
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (sweep,) = (tmp_path / "runs").iterdir()

    shown = json.loads(run_command("show", sweep.name, "1", "--json", folder=tmp_path).stdout)

    assert shown["attempt"] == 2
    assert [file["path"] for file in shown["files"]] == ["checkpoints/model.txt"]
    assert Path(shown["run_dir"], "checkpoints/model.txt").read_text() == "first second"
    assert len(list(sweep.glob("*.files"))) == 1
    assert "1 file in" in run_command("show", sweep.name, "1", folder=tmp_path).stdout
    assert run_command("delete", "--yes", sweep.name, folder=tmp_path).returncode == 0
    assert not sweep.exists()


def test_run_folder_is_created_on_first_use(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as writer:
        writer.add_scalar("Loss", 1.0, 0)
        expected = Path(writer.path.removesuffix(".dat") + ".files")
        assert not expected.exists()
        assert Path(writer.run_dir) == expected
        assert expected.is_dir()
        assert Path(writer.run_dir) == expected


def experiment_with_files(logdir: Path) -> Path:
    with ExperimentLogger(logdir) as writer:
        writer.add_scalar("Loss", 1.0, 0)
        folder = Path(writer.run_dir)
    (folder / "model.pt").write_bytes(b"12345")
    with ExperimentLogger.at(folder / "inner.dat") as inner:  # what a framework may write there
        inner.add_scalar("x", 1.0, 0)
    return folder


def test_logs_among_a_runs_files_are_no_experiments_and_go_with_the_run(tmp_path: Path) -> None:
    logdir = tmp_path / "runs"
    folder = experiment_with_files(logdir)
    catalog = Catalog(logdir)
    catalog.refresh()

    (experiment,) = catalog.experiments.values()
    plan = plan_deletion(experiment, logdir)

    assert plan.is_whole
    assert not plan.others
    assert experiment.run_folder == folder
    delete(experiment, logdir)
    assert list(logdir.iterdir()) == []


def test_other_files_stay_when_a_run_goes_with_its_files(tmp_path: Path) -> None:
    logdir = tmp_path / "runs"
    folder = experiment_with_files(logdir)
    mine = folder.parent / "notes.txt"
    mine.write_text("mine")
    catalog = Catalog(logdir)
    catalog.refresh()
    (experiment,) = catalog.experiments.values()

    assert delete(experiment, logdir).others == ("notes.txt",)

    assert list(folder.parent.iterdir()) == [mine]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    folder = tmp_path / "run.files"
    (folder / "plots").mkdir(parents=True)
    (folder / "b.txt").write_text("text")
    (folder / "plots" / "a.png").write_bytes(b"png")
    (folder / "link.txt").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    return folder


def test_regular_files_alone_are_listed_and_no_link_is_followed(files: Path) -> None:
    found = list_files(files)

    assert [(file.path, file.size_bytes) for file in found.files] == [
        ("b.txt", 4),
        ("plots/a.png", 3),
    ]
    assert found.is_whole
    assert has_files(files)
    assert not has_files(files / "missing")


def test_long_list_is_cut_and_marked(files: Path) -> None:
    assert [file.path for file in list_files(files, 1).files] == ["b.txt"]
    assert not list_files(files, 1).is_whole


@pytest.mark.parametrize(
    "path",
    ["link.txt", "up/secret.txt", "../secret.txt", "/etc/passwd", "", ".", "pipe", "plots", "b\0"],
)
def test_nothing_but_the_runs_own_files_is_opened(files: Path, path: str) -> None:
    assert open_file(files, path) is None


def test_a_file_of_the_run_is_opened(files: Path) -> None:
    fd = open_file(files, "plots/a.png")
    assert fd is not None
    with os.fdopen(fd, "rb") as file:
        assert file.read() == b"png"


def test_link_in_place_of_the_folder_is_not_followed(files: Path) -> None:
    link = files.parent / "other.files"
    link.symlink_to(files)

    assert list_files(link).files == ()
    assert open_file(link, "b.txt") is None
