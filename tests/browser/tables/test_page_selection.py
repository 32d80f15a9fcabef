"""The box above a column of boxes: it ticks the page that is shown, then all runs are offered."""

import re
from collections.abc import Callable
from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]


def test_heading_checkbox_ticks_the_page_then_offers_all(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    sweep = SweepFiles(logdir / "s")
    for index in range(1, 61):
        sweep.start(index)
        sweep.end(index)
    sweep.close()
    page.goto(f"{dashboard.url}/sweeps/s?page=2&sort=index&order=asc")
    expect(page.locator("#run-40")).to_be_visible()
    box = page.get_by_role("checkbox", name="Draw all runs of this page")
    box.check()
    offer = page.get_by_role("button", name="Draw all 60")
    expect(offer).to_be_visible()
    ids = page.evaluate("new URLSearchParams(location.search).getAll('run')")
    assert sorted(int(one.rpartition("_")[2]) for one in ids) == list(range(26, 51))
    expect(box).to_be_checked()
    offer.click()
    expect(page).to_have_url(re.compile("draw=all"))
    expect(page.locator("#showing, .chart-caption")).to_contain_text(["Showing 60 of 60 runs"])
    expect(offer).to_be_hidden()
    assert "run=" not in page.url
