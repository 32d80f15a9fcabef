"""The page of a sweep leads to the uncommitted changes and the packages that it kept."""

from pathlib import Path

import pytest
from pages import Client, write_sweep

CHANGES = "--- a/train.py\n+++ b/train.py\n-lr = 1\n+lr = <b>2</b>\n"


@pytest.fixture
def sweep(logdir: Path) -> Path:
    folder = logdir / "s"
    write_sweep(folder, [])
    (folder / "changes.diff").write_text(CHANGES)
    (folder / "packages.txt").write_text("numpy==2.0\n")
    return folder


def test_page_leads_to_what_was_kept(client: Client, sweep: Path) -> None:
    page = client.get("/sweeps/s").text
    assert "/code/s?name=changes.diff" in page
    assert "/code/s?name=packages.txt&amp;download=1" in page
    shown = client.get("/code/s?name=changes.diff")
    assert shown.text == CHANGES
    assert shown.headers["content-type"] == "text/plain; charset=utf-8"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "content-disposition" not in shown.headers
    packages = client.get("/code/s?name=packages.txt&download=1")
    assert packages.text == "numpy==2.0\n"
    assert packages.headers["content-disposition"] == "attachment; filename=packages.txt"


def test_nothing_else_in_the_folder_is_sent(client: Client, sweep: Path) -> None:
    for name in ("journal.jsonl", "../s/changes.diff", "", "experiment_description.json"):
        assert client.get(f"/code/s?name={name}").status_code == 404
    assert client.get("/code/other?name=changes.diff").status_code == 404
    assert client.get("/code/s").status_code == 404


def test_link_in_the_place_of_a_file_is_not_followed(
    client: Client, sweep: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (sweep / "changes.diff").unlink()
    (sweep / "changes.diff").symlink_to(secret)
    assert client.get("/code/s?name=changes.diff").status_code == 404


def test_sweep_that_kept_nothing_shows_no_links(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "old", [])
    assert "code-files" not in client.get("/sweeps/old").text
