"""The page of a run with very many metrics: it comes, and says what it does not show."""

from pathlib import Path

from dashboard import Dashboard
from many_metrics import write_many_metrics
from playwright.sync_api import Page, expect


def test_first_metrics_are_charted_and_another_is_found_by_its_name(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    write_many_metrics(logdir / "many.dat", 20_000)
    page.goto(f"{dashboard.url}/runs/many")
    said = page.get_by_text("Showing the first 1,000 of 20,000 metrics")
    expect(said).to_be_visible(timeout=60_000)  # a thousand charts come first
    expect(page.locator('[data-metric="metric 0"]')).to_have_attribute("data-points", "2")
    expect(page.locator("#content [data-metric]")).to_have_count(1_000)
    page.get_by_label("Filter charts").fill("metric 19999")
    expect(page.locator('[data-metric="metric 19999"]')).to_have_attribute("data-points", "2")
    expect(page.locator("#content [data-metric]")).to_have_count(1)
