"""One bad folder never takes the others down."""

import json
import os
from functools import partial
from pathlib import Path

import pytest
from pages import Client

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.store import catalog
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.files.folder_walk import FolderWalk
from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """A good experiment, and a good sweep."""
    with ExperimentLogger(tmp_path) as logger:
        logger.add_scalar("Loss", 1.0, 0)
    Path(logger.folder).rename(tmp_path / "good")
    sweep = tmp_path / "good_sweep"
    sweep.mkdir()
    (sweep / "experiment_description.json").write_text('{"config": {}, "seed": 1}')
    return tmp_path


TIMES = ["1e400", "1" + "0" * 400, "-1", "NaN", "-Infinity", '"x"', "[]", "{}", "true", "1e300"]
ANNOTATIONS = [
    *(json.dumps({"own": {"archived_at": 0}}).replace("0", time) for time in TIMES),
    *(
        json.dumps({"runs": {"x": {"archived_at": 0}, "1": {"archived_at": 0}}}).replace("0", time)
        for time in TIMES
    ),
    '{"own": {"name": "\\ud800", "note": "\\udfff", "tags": ["\\ud800"]}}',
    '{"runs": ' + "[" * 100_000,
    '{"own": ' + "9" * 10_000 + "}",
    "[]",
    "\0" * 1_000,
]


@pytest.mark.parametrize("text", ANNOTATIONS, ids=range(len(ANNOTATIONS)))
def test_foreign_annotations_break_neither_list_nor_pages(logdir, capsys, text):
    (logdir / "good_sweep" / "annotations.json").write_text(text)
    dat = next((logdir / "good").glob("*.dat"))
    (logdir / "good" / "annotations.json").write_text(text.replace('"x"', f'"{dat.stem}"'))
    for arguments in (["list"], ["list", "--json"], ["list", "--archived", "--json"]):
        assert main([*arguments, "--logdir", str(logdir)]) == 0
        capsys.readouterr().out.encode()
    client = Client(logdir)
    for path in ("/experiments", "/sweeps", "/sweeps/good_sweep", "/experiments?archived=1"):
        assert client.get(path).status_code == 200


def test_unreadable_folder_is_reported_and_the_others_are_shown(logdir, monkeypatch):
    open_sweep = catalog.open_sweep

    def broken(identity: str, folder: Path):
        if identity == "bad":
            raise ZeroDivisionError("whatever nobody has thought of")
        return open_sweep(identity, folder)

    monkeypatch.setattr(catalog, "open_sweep", broken)
    (logdir / "bad").mkdir()
    (logdir / "bad" / "experiment_description.json").write_text("{}")
    found = Catalog(logdir)
    assert (list(found.sweeps), list(found.experiments)) == (["good_sweep"], ["good"])
    (message,) = map(str, found.unreadable)
    assert "bad: it cannot be shown: ZeroDivisionError: whatever nobody has thought of" in message
    page = Client(logdir).get("/sweeps")
    assert page.status_code == 200
    assert "whatever nobody has thought of" in page.text


def test_folder_with_very_many_files_is_read_in_part_and_says_so(logdir):
    for number in range(30):
        (logdir / "good_sweep" / f"{number}").touch()
    found = Catalog(logdir, partial(FolderWalk, most_entries=10))
    assert (list(found.sweeps), list(found.experiments)) == (["good_sweep"], ["good"])
    assert [(one.path, one.why) for one in found.skipped] == [
        ("good_sweep", "the rest of more than 10 files")
    ]


def test_very_many_folders_are_read_in_part_and_say_so(logdir):
    for number in range(30):
        (logdir / f"{number}").mkdir()
    found = Catalog(logdir, partial(FolderWalk, most_folders=10))
    assert {one.why for one in found.skipped} == {"more than 10 folders"}


def test_description_that_is_too_long_is_not_read(logdir):
    (logdir / "bad").mkdir()
    path = logdir / "bad" / "experiment_description.json"
    path.touch()
    os.truncate(path, 17 << 20)
    found = Catalog(logdir)
    assert list(found.sweeps) == ["good_sweep"]
    assert "it has more than 16 MiB" in str(found.unreadable[0])


def test_journal_of_very_many_events_or_runs_is_read_in_part_and_says_so(logdir):
    events = [
        json.dumps({"event": "sampled", "time": 1, "index": index, "hyperparameters": {}})
        for index in range(1, 100)
    ]
    journal = logdir / "good_sweep" / "journal.jsonl"
    journal.write_text("\n".join(events) + "\n")
    record = SweepRecord(run_limit=5)
    for event in JournalTail(journal).read():
        record.apply(event)
    assert (len(record.runs), record.n_skipped) == (5, 94)
    tail = JournalTail(journal, max_events=10)
    tail.read()
    assert tail.trouble == f"{journal} has over 10 events. Not all were read"


def test_export_is_not_written_through_a_link_that_waits_for_it(logdir, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    (tmp_path / "precious").write_text("kept")
    (folder / f".out.csv.{os.getpid()}.tmp").symlink_to(tmp_path / "precious")
    assert main(["export", str(logdir / "good"), "-o", str(folder / "out.csv")]) == 0
    assert (tmp_path / "precious").read_text() == "kept"
    assert "Loss" in (folder / "out.csv").read_text()
