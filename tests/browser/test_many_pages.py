"""Many pages open at once in one browser, which has six connections for all of them."""

from collections.abc import Callable

from dashboard import Dashboard
from playwright.sync_api import expect
from tabs import Tabs
from training import Training

N_PAGES = 9
MOST_LIVE = 4


def test_pages_used_last_are_live_and_every_page_loads(
    tabs: Tabs, dashboard: Dashboard, train: Callable[..., Training]
) -> None:
    training = train("one")
    training.log("Loss", 0, 10)
    pages = [tabs.open()]  # to the script all of them are in view, as windows side by side are
    pages += [pages[0].context.new_page() for _ in range(N_PAGES - 1)]
    for page in pages:
        page.goto(f"{dashboard.url}/experiments")
        expect(page.locator(".chart[data-points='10']")).to_have_count(1)
    for page in pages[-MOST_LIVE:]:
        expect(page.locator("#connection")).to_have_attribute("data-state", "open")
    for page in pages[:-MOST_LIVE]:
        expect(page.locator("#connection")).to_have_attribute("data-state", "paused")
        expect(page.locator("#connection")).to_have_text("Paused")
    training.log("Loss", 10, 15)
    expect(pages[-1].locator(".chart[data-points='15']")).to_have_count(1)
    expect(pages[0].locator(".chart[data-points='10']")).to_have_count(1)

    pages[0].mouse.move(200, 200)
    pages[0].mouse.move(210, 210)

    expect(pages[0].locator(".chart[data-points='15']")).to_have_count(1)
    expect(pages[0].locator("#connection")).to_have_attribute("data-state", "open")
    expect(pages[-MOST_LIVE].locator("#connection")).to_have_attribute("data-state", "paused")
