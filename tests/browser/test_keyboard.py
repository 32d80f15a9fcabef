"""The keyboard, the state of the connection, and messages about problems."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from assets import AXE, read_asset
from dashboard import Dashboard
from playwright.sync_api import Page, Route, expect
from tabs import Tabs
from training import SweepFiles, Training

GUIDELINES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def sweep(logdir: Path, dashboard: Dashboard, train: Callable[..., Training]) -> str:
    """The address of a sweep with three runs, beside an experiment."""
    train("by hand").log("Loss", 0, 3)
    sweep = SweepFiles(logdir / "s")
    for index in (1, 2, 3):
        name = sweep.start(index)
        train("s", name).log("Accuracy", 0, 3)
        sweep.end(index)
    sweep.close()
    return f"{dashboard.url}/sweeps/s"


def focused(page: Page, selector: str) -> None:
    expect(page.locator(selector)).to_be_focused()


def test_runs_are_navigated_and_opened_with_the_keyboard(page: Page, sweep: str) -> None:
    page.goto(sweep)
    expect(page.locator("#connection")).to_have_text("Live")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    focused(page, "#run-2 a.run-ref")
    page.keyboard.press("k")
    focused(page, "#run-3 a.run-ref")
    page.keyboard.press("/")
    focused(page, "#table-search")
    page.keyboard.type("jk?")
    expect(page.locator("#table-search")).to_have_value("jk?")
    expect(page.locator("#run-3")).to_have_count(0)
    page.locator("#table-search").fill("")
    page.keyboard.press("Escape")
    expect(page.locator("#run-1")).to_be_visible()
    page.keyboard.press("ArrowDown")
    focused(page, "#run-3 a.run-ref")
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    focused(page, "#run-3 a.run-ref")
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused(page, "#run-1 a.run-ref")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Run 1")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Run 2")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_keys_are_listed_and_can_be_turned_off(tabs: Tabs, sweep: str, theme: str) -> None:
    page = tabs.open(theme=theme, has_policy=False)
    page.goto(sweep)
    expect(page.locator("#run-1")).to_be_visible()
    page.get_by_text("Export", exact=True).click()
    expect(page.get_by_role("link", name="Table of runs as CSV")).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("Search")
    page.evaluate(read_asset(AXE).decode())
    found = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(GUIDELINES)}}})")
    problems = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
    assert problems == []
    dialog.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(dialog).to_have_count(0)
    expect(page.locator("a.run-ref:focus")).to_have_count(0)
    page.get_by_role("button", name="Keyboard").click()
    expect(dialog).to_be_visible()


TWO_TIMES = """() => {
  for (const id of ["ago", "since"]) {
    const time = Object.assign(document.createElement("time"), { id, textContent: "as it was" });
    time.dataset[id] = Date.now() / 1000 - 80;
    document.body.append(time);
  }
}"""


def test_lost_and_restored_connections_are_reported(
    tabs: Tabs,
    page: Page,
    sweep: str,
    dashboard: Dashboard,
    start_dashboard: Callable[..., Dashboard],
) -> None:
    tabs.expected = "ERR_"
    page.goto(sweep)
    connection = page.locator("#connection")
    expect(connection).to_have_text("Live")
    dashboard.stop()
    expect(connection).to_have_text(re.compile(r"Connection lost at \d+:\d+"))
    page.evaluate(TWO_TIMES)
    expect(page.locator("#ago")).to_have_text("1 min ago")  # the clock goes, and yet:
    expect(page.locator("#since")).to_have_text("as it was")
    page.get_by_role("link", name="Experiments").last.click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.locator("#run-1")).to_be_visible()
    start_dashboard(dashboard.port)
    expect(connection).to_have_text("Live again")
    expect(page.locator("#since")).to_have_text(re.compile(r"\d+ s"))
    expect(connection).to_have_text("Live")
    expect(page.get_by_role("alert")).to_be_hidden()
    tabs.errors = [error for error in tabs.errors if "Failed to fetch" not in error]


def test_rejected_token_is_reported(tabs: Tabs, page: Page, sweep: str) -> None:
    tabs.expected = "403"
    page.goto(sweep)
    expect(page.locator("#connection")).to_have_text("Live")
    page.route("**/*", lambda route: route.fulfill(status=403, body="no token"))
    page.get_by_role("link", name="Experiments").last.click()
    expect(page.get_by_role("alert")).to_contain_text("token")
    expect(page.locator("#run-1")).to_be_visible()
    assert tabs.expected_errors


def test_deletion_of_an_open_sweep_is_reported(
    tabs: Tabs, page: Page, sweep: str, logdir: Path
) -> None:
    tabs.expected = "404"
    page.goto(sweep)
    expect(page.locator("#connection")).to_have_text("Live")
    shutil.rmtree(logdir / "s")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    expect(page.locator("#content")).to_contain_text("There is no sweep of this name")


def test_run_that_has_logged_nothing_says_so_until_it_has(
    page: Page, dashboard: Dashboard, train: Callable[..., Training]
) -> None:
    training = train("silent")
    page.goto(f"{dashboard.url}/runs/silent")
    note = page.get_by_text("No metric has been logged here yet")
    expect(note).to_be_visible()
    training.log("Loss", 0, 3)
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-points", "3")
    expect(note).to_be_hidden()


def test_page_that_takes_long_says_that_it_is_on_its_way(page: Page, sweep: str) -> None:
    page.goto(sweep)
    expect(page.locator("#connection")).to_have_text("Live")
    held: list[Route] = []
    page.route("**/experiments", lambda route: held.append(route))
    page.get_by_role("link", name="Experiments").last.click()
    expect(page.locator("html.is-loading")).to_have_count(1)
    for _ in range(500):  # the request is on its way
        if not held:
            page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.get_by_role("heading", name="Experiments")).to_be_attached()
    expect(page.locator("html.is-loading")).to_have_count(0)
