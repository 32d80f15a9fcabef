"""Folders and files with the longest possible names, in non-ASCII letters."""

import json
from pathlib import Path

import pytest
from pages import Client

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.store.journal import Journal

NAME = "世" * 80  # 240 bytes
EMOJI = "🧪" * 60


@pytest.fixture(params=[NAME, EMOJI, "é" * 120], ids=["CJK", "emoji", "accents"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def logdir(tmp_path: Path, name: str) -> Path:
    with ExperimentLogger(tmp_path) as logger:
        logger.add_scalar("Loss", 1.0, 0)
    Path(logger.folder).rename(tmp_path / name)
    (tmp_path / "group").mkdir()
    sweep = tmp_path / "group" / name
    sweep.mkdir()
    (sweep / "experiment_description.json").write_text(json.dumps({"config": {}, "seed": 1}))
    journal = Journal(sweep / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=1, host="here")
    journal.append("sampled", index=1, hyperparameters={})
    journal.append("started", index=1, name=name)
    journal.append("ended", index=1, state="finished")
    journal.append("sweep_ended", state="finished")
    journal.close()
    return tmp_path


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("what", ["", "group/"], ids=["experiment", "sweep"])
def test_long_names_can_be_listed_shown_annotated_archived_and_deleted(logdir, name, what, capsys):
    path = f"{what}{name}"
    for command in (
        ["list"],
        ["show", path],
        ["annotate", path, "--name", "short"],
        ["archive", path],
        ["unarchive", path],
    ):
        assert run(*command, "--logdir", logdir) == 0, (command, capsys.readouterr().err)
    client = Client(logdir)
    assert client.get("/sweeps" if what else "/experiments").status_code == 200
    assert client.get(f"/{'sweeps' if what else 'runs'}/{path}").status_code == 200
    assert run("delete", path, "--yes", "--logdir", logdir) == 0, capsys.readouterr().err
    assert not list((logdir / path).glob("*.dat"))
    assert not (logdir / path / "journal.jsonl").exists()
    assert not list(logdir.rglob(".deleted-*"))


def test_impossible_file_name_is_refused_with_an_explanation(tmp_path, capsys):
    too_long = NAME * 2
    for command in (["show", too_long], ["list", "--logdir", too_long], ["sweep", too_long]):
        assert run(*command) in (1, 2)
        message = capsys.readouterr().err
        assert message.startswith("ml-tracking-ops: ")
        assert "Traceback" not in message


def test_page_of_a_run_whose_name_leaves_no_room_for_a_suffix_answers(tmp_path: Path):
    """A foreign journal may contain this name, but no file can have it with our suffix."""
    sweep = tmp_path / "s"
    sweep.mkdir()
    (sweep / "experiment_description.json").write_text(json.dumps({"config": {}, "seed": 1}))
    journal = Journal(sweep / "journal.jsonl", print)
    journal.append("sampled", index=1, hyperparameters={})
    journal.append("started", index=1, name="n" * 253)
    journal.close()
    client = Client(tmp_path)
    assert client.get("/sweeps/s").status_code == 200
    assert client.get(f"/runs/s/{'n' * 253}").status_code == 404
    assert run("show", "s", "--logdir", tmp_path) == 0
