"""What is done with all ticked rows together."""

import re
from collections.abc import Callable
from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles, Training

from ml_tracking_ops.orchestrator.store.annotations import read_annotations

Train = Callable[..., Training]


def test_ticked_runs_are_tagged_and_untagged(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    files = SweepFiles(logdir / "s")
    for index in (1, 2, 3):
        files.start(index)
        files.end(index)
    files.close()
    page.goto(f"{dashboard.url}/sweeps/s")
    for index in (1, 3):
        page.get_by_role("checkbox", name=f"Draw run {index}").check()
    page.get_by_role("button", name="Tag 2").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Tag", exact=True)).to_be_focused()
    dialog.get_by_label("Tag", exact=True).fill("paper")
    dialog.get_by_role("button", name="Tag").click()
    expect(page.locator("#run-3")).to_contain_text("paper")
    expect(page.locator("#run-2")).not_to_contain_text("paper")
    assert list(read_annotations(logdir / "s").run(1).tags) == ["paper"]
    page.get_by_role("button", name="Tag 2").click()
    dialog.get_by_label("Tag", exact=True).fill("paper")
    dialog.get_by_label("Remove this tag instead").check()
    dialog.get_by_role("button", name="Tag").click()
    expect(page.locator("#run-3")).not_to_contain_text("paper")


def test_ticked_runs_run_again_when_the_sweep_is_resumed(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    files = SweepFiles(logdir / "s")
    for index in (1, 2):
        files.start(index)
        files.end(index)
    files.journal.append("sweep_ended", state="finished")
    files.close()
    page.goto(f"{dashboard.url}/sweeps/s")
    for index in (1, 2):
        page.get_by_role("checkbox", name=f"Draw run {index}").check()
    page.get_by_role("button", name="Run 2 again").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name=re.compile("Resume the sweep now")).uncheck()
    dialog.get_by_role("button", name="Run again").click()
    expect(page.locator(".notice").first).to_contain_text("To run again when the sweep is resumed")
    expect(page.get_by_role("button", name="Run 2 again")).to_have_count(0)


def test_ticked_experiments_are_tagged_also_while_they_run(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    for name in ("a", "b"):
        train(name).log("Loss", 0, 3)
    page.goto(f"{dashboard.url}/experiments?run=a&run=b")
    page.get_by_role("button", name="Tag 2").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tag", exact=True).fill("baseline")
    dialog.get_by_role("button", name="Tag").click()
    expect(page.get_by_text("“baseline” is added to 2 runs")).to_be_visible()
    assert "baseline" in (logdir / "a" / "annotations.json").read_text()


def test_ticked_runs_are_archived_brought_back_and_deleted(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    files = SweepFiles(logdir / "s")
    for index in (1, 2, 3):
        files.start(index)
        files.end(index)
    files.journal.append("sweep_ended", state="finished")
    files.close()
    rows = page.locator("#table-rows tr")
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(rows).to_have_count(3)
    for index in (1, 2):
        page.get_by_role("checkbox", name=f"Draw run {index}").check()
    page.get_by_role("button", name="Archive 2").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="2 archived").click()
    expect(page.get_by_role("heading", name="Archived runs")).to_be_visible()
    expect(rows).to_have_count(2)
    page.get_by_role("checkbox", name="Draw run 1").check()
    page.get_by_role("button", name="Unarchive 1").click()
    expect(rows).to_have_count(1)
    page.get_by_role("checkbox", name="Draw run 2").check()
    page.get_by_role("button", name="Delete 1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The journal keeps that they ran")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Training runs")).to_be_visible()
    expect(page.locator("#archived-runs")).to_have_count(0)
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(rows).to_have_count(2)


def test_table_of_the_ticked_runs_alone_is_exported(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    files = SweepFiles(logdir / "s")
    for index in (1, 2, 3):
        files.start(index)
        files.end(index)
    files.journal.append("sweep_ended", state="finished")
    files.close()
    page.goto(f"{dashboard.url}/sweeps/s")
    menu = page.locator(".export-menu")
    menu.locator("summary").click()
    expect(menu.get_by_text("Selected rows only")).to_be_hidden()
    menu.locator("summary").click()
    for index in (1, 3):
        page.get_by_role("checkbox", name=f"Draw run {index}").check()
    expect(page.get_by_role("link", name="compare", exact=True)).to_be_visible()
    menu.locator("summary").click()
    with page.expect_download() as download:
        menu.get_by_role("link", name="Selected rows only, as CSV").click()
    lines = download.value.path().read_text("utf-8-sig").strip().splitlines()
    assert len(lines) == 3  # the heading, and the two
