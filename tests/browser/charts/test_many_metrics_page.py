"""The page of a run with very many metrics: it opens, and says what it does not show."""

from pathlib import Path

from dashboard import Dashboard
from many_metrics import write_many_metrics
from playwright.sync_api import Page, expect


def test_first_metrics_are_charted_and_another_is_found_by_its_name(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    write_many_metrics(logdir / "many.dat", 20_000)
    page.set_viewport_size({"width": 1440, "height": 6_000})
    browser = page.context.new_cdp_session(page)
    browser.send("Performance.enable")
    page.goto(f"{dashboard.url}/runs/many")
    page.get_by_text("Showing the first 1,000 of 20,000 metrics").wait_for()
    _wait_for_points(page, "metric 0")
    page.locator("#content .uplot").nth(59).wait_for()
    metrics = browser.send("Performance.getMetrics")["metrics"]
    counts = {one["name"]: one["value"] for one in metrics}
    assert counts["LayoutCount"] < 60  # not one for each: a page of a thousand takes long
    assert page.locator("#content .uplot").count() < 500  # those in view and near it
    expect(page.locator("#content [data-metric]")).to_have_count(1_000)
    page.locator("#chart-filter").fill("metric 19999")  # by its label it would be sought for long
    _wait_for_points(page, "metric 19999")
    expect(page.locator("#content [data-metric]")).to_have_count(1)


def _wait_for_points(page: Page, metric: str) -> None:
    """`expect` describes the whole page when it looks in vain, which here takes its whole time."""
    page.locator(f'[data-metric="{metric}"][data-points="2"]').wait_for()
