"""Named views: how they are stored, which are refused, and where they lead."""

import json
from pathlib import Path

import pytest
from pages import HOSTILE, Client

from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.web.views.saved import (
    View,
    choose_default,
    delete_view,
    first_address,
    is_page,
    read_views,
    rename_view,
    save_view,
)


@pytest.fixture
def folder(logdir: Path) -> Path:
    logdir.mkdir()
    return logdir


def test_view_is_stored_in_the_log_folder_beside_annotations(folder: Path) -> None:
    (folder / "annotations.json").write_text('{"format_version": 1, "metrics": {"x": {}}}')
    save_view(folder, " good runs ", "/sweeps/s?where=lr+%3E+1")
    assert read_views(folder).views == (View("good runs", "/sweeps/s?where=lr+%3E+1"),)
    assert json.loads((folder / "annotations.json").read_text())["metrics"] == {"x": {}}


def test_view_of_a_known_name_takes_the_place_of_the_old_one(folder: Path) -> None:
    save_view(folder, "a", "/experiments")
    save_view(folder, "a", "/sweeps")
    assert read_views(folder).views == (View("a", "/sweeps"),)


def test_default_follows_a_new_name_and_ends_with_its_view(folder: Path) -> None:
    save_view(folder, "a", "/sweeps?x=wall")
    choose_default(folder, "a")
    rename_view(folder, "a", "b")
    assert first_address(folder) == "/sweeps?x=wall"
    delete_view(folder, "b")
    assert first_address(folder) == "/experiments"


def test_name_that_another_view_has_is_refused(folder: Path) -> None:
    save_view(folder, "a", "/sweeps")
    save_view(folder, "b", "/experiments")
    with pytest.raises(UsageError, match="already"):
        rename_view(folder, "a", "b")
    with pytest.raises(UsageError, match="no view"):
        delete_view(folder, "c")
    with pytest.raises(UsageError, match="needs a name"):
        save_view(folder, "  ", "/sweeps")


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example/experiments",
        "https://evil.example",
        "/experimentsx",
        "/api/views",
        "/sweeps\\@evil.example",
        "/compare?run=" + "x" * 9_000,
        "/sweeps\r\nX: y",
        "",
    ],
)
def test_only_our_own_pages_are_kept_and_led_to(folder: Path, address: str) -> None:
    assert not is_page(address)
    with pytest.raises(UsageError):
        save_view(folder, "a", address)
    message = {"views": [{"name": "a", "address": address}], "default_view": "a"}
    (folder / "annotations.json").write_text(json.dumps(message))
    assert first_address(folder) == "/experiments"


def test_foreign_file_is_read_as_far_as_it_is_valid(folder: Path) -> None:
    views = [1, {"name": 3}, {"name": "a", "address": "/sweeps"}, {"name": "", "address": "/"}]
    message = {"views": views, "default_view": ["a"]}
    (folder / "annotations.json").write_text(json.dumps(message))
    assert read_views(folder).views == (View("a", "/sweeps"),)
    assert read_views(folder).default is None


def test_view_is_shared_by_its_address_and_begins_the_dashboard(
    client: Client, folder: Path
) -> None:
    save_view(folder, f"a/b {HOSTILE}", "/sweeps?x=wall")
    choose_default(folder, f"a/b {HOSTILE}")
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/sweeps?x=wall")
    listed = client.get("/api/views").json()
    assert listed["default"] == f"a/b {HOSTILE}"
    assert client.get("/views/nothing").status_code == 404
    save_view(folder, "a/b", "/compare")
    assert client.get("/views/a/b").headers["location"] == "/compare"
