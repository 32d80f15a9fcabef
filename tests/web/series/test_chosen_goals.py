"""Goals that a user chose for metrics, stored in the log folder."""

import json
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.errors import AnnotationError, UsageError
from ml_tracking_ops.orchestrator.store.annotations import annotate, read_annotations
from ml_tracking_ops.web.series.chosen_goals import choose_goal, goals_file, read_goals


def test_goal_is_kept_beside_the_annotations_of_the_same_folder(tmp_path: Path) -> None:
    annotate(tmp_path, "a", note="good")
    choose_goal(tmp_path, "reward", "max")
    annotate(tmp_path, "b", note="bad")
    assert read_goals(tmp_path) == {"reward": "max"}
    assert {key: one.note for key, one in read_annotations(tmp_path).runs.items()} == {
        "a": "good",
        "b": "bad",
    }


def test_goal_changes_are_seen_and_can_be_removed(tmp_path: Path) -> None:
    file = goals_file(tmp_path)
    assert file.read() == {}
    choose_goal(tmp_path, "x", "min")
    assert file.read() == {"x": "min"}
    choose_goal(tmp_path, "x", "max")
    assert file.read() == {"x": "max"}
    choose_goal(tmp_path, "x", None)
    assert file.read() == {}


def test_unknown_entries_are_kept_and_are_not_goals(tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"metrics": {"a": {"goal": "up", "unit": "s"}, "b": 3}}))
    assert read_goals(tmp_path) == {}
    choose_goal(tmp_path, "a", "min")
    assert json.loads(path.read_text())["metrics"]["a"] == {"goal": "min", "unit": "s"}


def test_damaged_file_is_kept_and_reported(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text("{")
    assert read_goals(tmp_path) == {}
    with pytest.raises(AnnotationError, match="damaged"):
        choose_goal(tmp_path, "a", "min")
    with pytest.raises(UsageError, match="1 to 1000 characters"):
        choose_goal(tmp_path, "", "min")
