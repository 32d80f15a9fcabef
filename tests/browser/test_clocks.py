"""Times on the pages: the server's clock, in the time zone of the browser, which is named."""

import re
from collections.abc import Callable

import pytest
from dashboard import Dashboard
from modules import evaluate
from playwright.sync_api import Page, expect
from tabs import Tabs
from training import Training

Train = Callable[..., Training]
SHIFTED = """{
    const real = Date.now;
    Date.now = () => real() + HOURS * 3600_000;
}"""
TICKED = """span => new Promise(resolve => {
    const look = new MutationObserver(() => resolve(span.textContent));
    look.observe(span, { childList: true, characterData: true, subtree: true });
})"""


@pytest.mark.parametrize("hours", [2, -2])
def test_wrong_clock_of_the_browser_changes_no_duration(
    tabs: Tabs, dashboard: Dashboard, train: Train, hours: int
) -> None:
    train("a").log("loss", 0, 3)
    page = tabs.open()
    page.add_init_script(SHIFTED.replace("HOURS", str(hours)))
    page.goto(f"{dashboard.url}/runs/a")
    duration = page.locator("[data-since]")
    shown = [duration.evaluate(TICKED) for _ in range(2)]
    assert all(re.fullmatch(r"\d+(\.\d)? s", text) for text in shown), shown
    assert float(shown[1].split()[0]) > float(shown[0].split()[0]) > 0
    expect(page.locator("#run-facts [data-ago]").first).to_have_text("just now")


def test_page_has_one_time_zone_that_of_the_browser_and_names_it(
    tabs: Tabs, dashboard: Dashboard, train: Train
) -> None:
    train("a").log("loss", 0, 3)
    page = tabs.open(timezone="America/New_York")
    page.goto(f"{dashboard.url}/runs/a?x=wall")
    moment = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d E[SD]T$")
    expect(page.locator("#run-facts [data-ago]").first).to_have_attribute("title", moment)
    chart = page.locator('[data-metric="loss"]')
    expect(chart).to_have_attribute("data-runs", "1")
    pointed = re.compile(r"\w{3} \d+, \d\d:\d\d:\d\d E[SD]T$")
    chart.locator(".u-over").hover()
    expect(chart.locator(".tooltip-where")).to_have_text(pointed)
    chart.get_by_role("button", name="Show loss in full screen").click()
    chart.locator(".u-over").hover()
    expect(chart.locator(".full-legend-where")).to_have_text(pointed)


def test_moments_name_date_and_zone(modules: Page) -> None:
    script = """
        const format = await import("/static/lib/format.js");
        const { xLabelOf } = await import("/static/charts/drawing/axes.js");
        const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
            .formatToParts(new Date(given * 1000)).find(one => one.type === "timeZoneName").value;
        return [
            format.formatMoment(given), format.formatDay(given), format.formatPointed(given),
            xLabelOf({ x: "wall" }, given, given + 60),
            xLabelOf({ x: "wall" }, given, given + 86400),
            xLabelOf({ x: "step" }, 1, 2), format.formatMoment(1e300), format.formatDays(0, 1e300),
        ].map(text => text.replace(zone, "ZONE").replace(/\\s/gu, " "));
    """
    noon = evaluate(modules, "return new Date(2026, 10, 29, 12).getTime() / 1000")  # local time
    assert evaluate(modules, script, noon) == [
        "2026-11-29 12:00:00 ZONE",
        "2026-11-29",
        "Nov 29, 12:00:00 ZONE",
        "Nov 29, 2026, ZONE",
        "Nov 29 – 30, 2026, ZONE",
        "Step",
        "–",
        "Time",
    ]
