"""Names, notes and tags: safe with concurrent edits, and sent to every open page."""

import json
import threading

import pytest
from live import listening, serving

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.errors import AnnotationError, UsageError
from ml_tracking_ops.orchestrator.store.annotations import (
    LONGEST_NAME,
    LONGEST_NOTE,
    annotate,
    annotation_file,
    clean_name,
    clean_note,
    clean_tags,
    edit,
    read_annotations,
)
from ml_tracking_ops.orchestrator.store.catalog import Catalog


def test_annotation_is_read_as_it_was_written(tmp_path):
    annotate(tmp_path, None, name="the big one", tags=("a", "b"))
    annotate(tmp_path, 3, note="line\nanother — ünïcode 🎉")
    annotate(tmp_path, None, note="kept")

    found = read_annotations(tmp_path)
    assert (found.own.name, found.own.note, found.own.tags) == ("the big one", "kept", ("a", "b"))
    assert found.run(3).note == "line\nanother — ünïcode 🎉"
    assert found.run(4).name is None
    assert [path.name for path in tmp_path.iterdir()] == ["annotations.json"]


def test_removed_annotations_leave_no_trace_and_foreign_keys_stay(tmp_path):
    path = tmp_path / "annotations.json"
    path.write_text('{"own": {"name": "x", "color": "red"}, "runs": {"1": {"note": "y"}}, "z": 1}')
    annotate(tmp_path, None, name=None)
    annotate(tmp_path, 1, note="")

    assert json.loads(path.read_text()) == {"own": {"color": "red"}, "runs": {}, "z": 1}


def test_concurrent_edits_are_all_kept_and_no_reader_sees_half_a_file(tmp_path):
    annotate(tmp_path, None, note="x" * 5_000)
    is_over = threading.Event()
    torn = []

    def read():
        while not is_over.is_set():
            try:
                json.loads((tmp_path / "annotations.json").read_text())
            except ValueError as error:
                torn.append(error)

    def write(writer):
        for number in range(20):
            edit(tmp_path, f"{writer}-{number}", lambda known: known.__class__(name="here"))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join(60)
    is_over.set()
    reader.join(60)

    assert not torn
    assert len(read_annotations(tmp_path).runs) == 80


@pytest.mark.parametrize("content", ["{", "[]", "\x00" * 50, "[" * 100_000])
def test_damaged_file_is_never_overwritten(tmp_path, content):
    path = tmp_path / "annotations.json"
    path.write_text(content)

    assert read_annotations(tmp_path).own.name is None
    with pytest.raises(AnnotationError, match="Nothing was changed"):
        annotate(tmp_path, None, name="new")
    assert path.read_text() == content


def test_vanished_folder_and_link_are_refused(tmp_path):
    with pytest.raises(AnnotationError, match="the folder is gone"):
        annotate(tmp_path / "gone", None, name="new")
    (tmp_path / "secret").write_text('{"own": {"note": "secret"}}')
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "annotations.json").symlink_to(tmp_path / "secret")
    assert read_annotations(tmp_path / "sweep").own.note == ""
    with pytest.raises(AnnotationError):
        annotate(tmp_path / "sweep", None, name="new")


@pytest.mark.parametrize(
    ("clean", "given", "problem"),
    [
        (clean_name, "x" * (LONGEST_NAME + 1), "101 characters"),
        (clean_name, "two\nlines", "line break"),
        (clean_note, "x" * (LONGEST_NOTE + 1), "10001 characters"),
        (clean_note, "bell\x07", "control character"),
        (clean_tags, ["x" * 41], "41 characters"),
        (clean_tags, ["a,b"], "comma"),
        (clean_tags, [str(number) for number in range(21)], "21 tags"),
    ],
)
def test_annotation_beyond_a_limit_is_refused_with_the_limit(clean, given, problem):
    with pytest.raises(UsageError, match=problem):
        clean(given)


def test_texts_are_tidied(tmp_path):
    assert clean_name("  baseline ") == "baseline"
    assert clean_name(" ") is None
    assert clean_note("a\r\nb\r\n") == "a\nb"
    assert clean_tags([" a ", "b  c", "a", ""]) == ("a", "b c")


def test_catalog_returns_all_annotations(tmp_path):
    with ExperimentLogger(logdir=str(tmp_path)) as logger:
        logger.add_scalar("loss", 1.0, 0)
    catalog = Catalog(tmp_path)
    (before,) = catalog.experiments.values()
    annotate(before.dat_path.parent, before.dat_path.stem, name="baseline")
    catalog.refresh()
    (after,) = catalog.experiments.values()

    assert (before.annotation.name, after.annotation.name) == (None, "baseline")


def test_file_is_read_again_only_when_it_has_changed(tmp_path):
    file = annotation_file(tmp_path)
    assert file.read().own.name is None
    annotate(tmp_path, None, name="one")
    first = file.read()
    assert first.own.name == "one"
    assert file.read() is first


@pytest.mark.anyio
async def test_open_page_shows_a_new_name(tmp_path):
    with ExperimentLogger(logdir=str(tmp_path)) as logger:
        logger.add_scalar("loss", 1.0, 0)
    async with (
        serving(tmp_path) as dashboard,
        listening(dashboard.address, ("catalog", 0)) as reader,
    ):
        before = await reader.next_of("catalog")
        (folder,) = tmp_path.iterdir()
        annotate(folder, folder.name, name="<b>baseline</b>", tags=("good",))
        change = await reader.next_of("catalog")

    (entry,) = change["changed"]
    assert (entry["label"], entry["tags"]) == ("<b>baseline</b>", ["good"])
    assert change["cursor"] != before["cursor"]
