"""A sweep that is over is resumed from its page: a real sweep, in the background."""

import re
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from sweeps import choice, run_command, state_of, sweep_folder, wait_until, write_config


@pytest.fixture
def sweep(tmp_path: Path, logdir: Path) -> Path:
    """Over, and its one run has failed: it does not the second time."""
    given = {"counter": choice(str(tmp_path / "starts")), "succeeds_at": choice(2)}
    config = write_config(tmp_path / "project", "flaky.py", max_runs=1, hyperparameters=given)
    run_command("sweep", config, "--logdir", logdir, folder=config.parent)
    folder = sweep_folder(logdir)
    assert state_of(folder).runs[1].state == "failed"
    return folder


def test_failed_runs_run_again_and_the_sweep_continues_in_the_background(
    page: Page, dashboard: Dashboard, sweep: Path
) -> None:
    page.goto(f"{dashboard.url}/sweeps/{sweep.name}")
    page.get_by_role("button", name="Run again: 1 failed").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("checkbox", name=re.compile("Resume the sweep now"))).to_be_checked()
    dialog.get_by_role("button", name="Run again").click()
    expect(page.get_by_text(re.compile("continues in the background on"))).to_be_visible()
    wait_until(lambda: state_of(sweep).state == "finished", "the end of the resumed sweep")
    assert state_of(sweep).runs[1].state == "finished"
    expect(page.locator("#sweep-progress")).to_contain_text("Finished")
    expect(page.locator("#table-rows")).to_contain_text("Finished")


def test_sweep_that_waits_offers_the_command_and_a_button(
    page: Page, dashboard: Dashboard, sweep: Path
) -> None:
    page.goto(f"{dashboard.url}/sweeps/{sweep.name}")
    page.get_by_role("button", name="Run again: 1 failed").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Run again").click()
    notice = page.locator("#resume-notice")
    expect(notice).to_contain_text("To run again when the sweep is resumed: run 1.")
    expect(notice).to_contain_text("ml-tracking-ops sweep --resume ")
    expect(notice.get_by_role("button", name="Copy the command")).to_be_visible()
    notice.get_by_role("button", name="Resume").click()
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    wait_until(lambda: state_of(sweep).runs[1].state == "finished", "the end of the run")
    wait_until(lambda: state_of(sweep).state == "finished", "the end of the resumed sweep")
    expect(notice).to_have_count(0)
