"""What a person does from a page: to a real sweep, and to what lies in the log folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from sweeps import choice, processes_with, start_command, sweep_folder, wait_until, write_config
from tabs import Tabs
from training import Training


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[Path]:
    """A running sweep of three runs, one at a time, each of which waits at its gate."""
    gates = tmp_path / "gates"
    gates.mkdir()
    hyperparameters = {"gates": choice(str(gates))}
    write_config(tmp_path, "waits_twice.py", max_runs=3, seed=1, hyperparameters=hyperparameters)
    process = start_command("sweep", "--workers", "1", folder=tmp_path)
    wait_until(lambda: list(tmp_path.glob("runs/*/*_0001.dat")), "the first run")
    yield gates
    for run in range(1, 4):
        (gates / f"{run:04d}").touch()
    process.terminate()
    process.wait(30)
    wait_until(lambda: not processes_with(str(tmp_path / "gates")), "the processes to end")


def test_sweep_is_steered_from_its_page(
    tabs: Tabs, dashboard: Dashboard, gates: Path, logdir: Path
) -> None:
    page, other = tabs.open(), tabs.open(width=390)
    page.goto(f"{dashboard.url}/sweeps")
    other.goto(f"{dashboard.url}/sweeps")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#notice")).to_contain_text("no new ones start")
    for tab in (page, other):
        expect(tab.locator("#sweep-progress")).to_contain_text("Paused")
        expect(tab.get_by_role("button", name="Continue")).to_be_visible()
    (gates / "0001").touch()
    expect(page.locator("#run-1")).to_contain_text("Finished")

    page.get_by_role("button", name="1 worker").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Runs at once")).to_be_focused()
    page.keyboard.type("999")
    expect(dialog.get_by_label("Runs at once")).to_have_value("999")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Start 998 more at once?")
    expect(dialog.get_by_role("button", name="Set 999 anyway")).to_be_focused()
    dialog.get_by_label("Runs at once").focus()
    page.keyboard.type("2")
    expect(dialog).not_to_contain_text("998 more")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="2 workers")).to_be_visible()
    other.get_by_role("button", name="Continue").click()
    expect(page.locator("#run-3")).to_contain_text("Running")

    page.locator("#run-2 a").first.click()
    stop = page.get_by_role("button", name="Stop run")
    stop.click()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(stop).to_be_focused()
    stop.click()
    page.get_by_role("dialog").get_by_role("button", name="Stop run").click()
    expect(page.locator("#run-head")).to_contain_text("stopped by hand (dashboard)")
    other.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#notice")).to_contain_text("as attempt 2")
    expect(other.get_by_role("button", name="Take back: 1")).to_be_visible()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#notice")).to_contain_text("it stays killed")
    expect(page.locator("#run-head")).to_contain_text("stopped by hand (dashboard)")
    page.get_by_role("button", name="Run again").click()
    other.get_by_role("button", name="Take back: 1").click()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()

    other.get_by_role("button", name="Stop sweep").click()
    other.get_by_role("dialog").get_by_role("button", name="Stop sweep").click()
    expect(other.locator("#sweep-progress")).to_contain_text("stopped by hand (dashboard)")
    expect(other.get_by_role("button", name="Archive")).to_be_visible()
    width = other.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    assert list((sweep_folder(logdir) / "requests").iterdir()) == []


def test_name_note_and_tags_are_written_in_place_and_seen_in_other_tabs(
    tabs: Tabs, dashboard: Dashboard, train: Callable[..., Training]
) -> None:
    training = train("first")
    training.log("loss", 0, 3)
    page, other = tabs.open(), tabs.open()
    page.goto(f"{dashboard.url}/runs/first")
    other.goto(f"{dashboard.url}/experiments")
    expect(other.locator("#run-list")).to_contain_text("first")
    page.get_by_role("button", name="Add a name, a note or tags").click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("<b>baseline</b>")
    page.get_by_label("Tags, between commas").fill("paper, look, paper")
    page.get_by_label("Note").fill("first line\n<script>alert(1)</script>")
    training.log("loss", 3, 6)  # updates meanwhile leave the form unchanged
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Name")).to_have_count(0)
    expect(page.locator(".annotation-edit")).to_be_focused()
    expect(page.locator("h1")).to_have_text("<b>baseline</b>")
    expect(page.locator(".annotation-tag")).to_have_text(["paper", "look"])
    expect(page.locator(".annotation-note")).to_have_text("first line\n<script>alert(1)</script>")
    expect(other.locator("#run-list")).to_contain_text("<b>baseline</b>")

    page.get_by_role("button", name="Edit name, note, tags").click()
    tabs.expected = "400 (Bad Request)"
    page.get_by_label("Tags, between commas").fill("x" * 41)
    page.get_by_label("Tags, between commas").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="41 characters")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Edit name, note, tags")).to_be_focused()


def test_page_continues_while_a_note_is_written(
    page: Page, dashboard: Dashboard, train: Callable[..., Training]
) -> None:
    training = train("first")
    training.log("loss", 0, 3)
    page.goto(f"{dashboard.url}/runs/first")
    page.get_by_role("button", name="Add a name, a note or tags").click()
    page.get_by_label("Note").fill("too slow")
    training.finish()
    expect(page.locator("#content")).to_contain_text("Finished")
    expect(page.get_by_label("Note")).to_be_focused()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".annotation-note")).to_have_text("too slow")
    expect(page.locator(".annotation-edit")).to_be_focused()
    assert page.url == f"{dashboard.url}/runs/first"  # no other page sends the form


def test_concurrent_writers_keep_both_changes(
    tabs: Tabs, dashboard: Dashboard, train: Callable[..., Training]
) -> None:
    train("first").finish()
    page, other = tabs.open(), tabs.open()
    for tab in (page, other):
        tab.goto(f"{dashboard.url}/runs/first")
        tab.get_by_role("button", name="Add a name, a note or tags").click()
    page.get_by_label("Note").fill("too slow")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".annotation-note")).to_have_text("too slow")
    tabs.expected = "409 (Conflict)"
    other.get_by_label("Name").fill("baseline")
    other.get_by_label("Note").fill("fast")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert").filter(has_text="changed to “too slow”")).to_be_visible()
    other.get_by_label("Note").fill("")
    other.get_by_role("button", name="Save").click()
    for tab in (page, other):
        expect(tab.locator("h1")).to_have_text("baseline")
        expect(tab.locator(".annotation-note")).to_have_text("too slow")


def test_experiment_is_archived_and_deleted_also_after_a_restart_of_the_server(
    page: Page,
    start_dashboard: Callable[..., Dashboard],
    train: Callable[..., Training],
    logdir: Path,
    tabs: Tabs,
) -> None:
    train("first").finish()
    dashboard = start_dashboard()
    page.goto(f"{dashboard.url}/runs/first")
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_role("button", name="Unarchive")).to_be_visible()
    page.goto(f"{dashboard.url}/experiments")
    page.get_by_role("link", name="Show the 1 archived").click()
    expect(page.locator("#run-list")).to_contain_text("first")

    page.goto(f"{dashboard.url}/runs/first")
    tabs.expected = "Failed to load resource"
    dashboard.stop()
    dashboard = start_dashboard(dashboard.port)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/experiments")
    expect(page.locator("#notice")).to_have_text("“first” was deleted.")
    assert not (logdir / "first").exists()


@pytest.mark.parametrize("are_asked_for", [False, True])
def test_files_that_others_wrote_are_listed_before_a_delete(
    page: Page,
    dashboard: Dashboard,
    train: Callable[..., Training],
    logdir: Path,
    are_asked_for: bool,
) -> None:
    train("first").finish()
    (logdir / "first" / "labels.csv").write_text("a,b")
    page.goto(f"{dashboard.url}/runs/first")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 other file stays: first/labels.csv")
    if are_asked_for:
        dialog.get_by_label("Delete this file too").check()
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/experiments")
    left = [path.name for path in logdir.rglob("*") if path.is_file()]
    assert left == ([] if are_asked_for else ["labels.csv"])


def test_ticked_experiments_are_deleted_together(
    page: Page, dashboard: Dashboard, train: Callable[..., Training], logdir: Path
) -> None:
    for name in ("one", "two", "three"):
        train(name).finish()
    running = train("four")
    running.log("loss", 0, 1)
    page.goto(f"{dashboard.url}/experiments?run=one&run=two&run=four")
    page.get_by_role("button", name="Delete 2").click()
    expect(page.get_by_role("dialog")).to_contain_text("one")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#showing")).to_contain_text("2 experiments")
    assert sorted(path.name for path in logdir.iterdir()) == ["four", "three"]
