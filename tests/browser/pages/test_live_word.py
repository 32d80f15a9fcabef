"""The word that says whether a page is live, after going from page to page without a reload."""

from collections.abc import Callable

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import Training


def test_connection_state_is_on_every_page_reached_by_clicking(
    page: Page, dashboard: Dashboard, train: Callable[..., Training]
) -> None:
    """With one run drawn, the page of experiments and that of the run follow the same."""
    training = train("by hand")
    training.log("Loss", 0, 5)
    word = page.locator("#connection")
    sections = page.get_by_role("navigation", name="Sections")
    chart = page.locator('[data-metric="Loss"]')
    page.goto(f"{dashboard.url}/experiments")
    expect(word).to_have_text("Live")
    page.evaluate("() => { globalThis.isFirstPage = true; }")
    n_points = 5
    for _ in range(2):
        page.get_by_role("link", name="Open the page of by hand").click()
        expect(page.get_by_role("heading", name="by hand")).to_be_visible()
        expect(word).to_have_text("Live")
        training.log("Loss", n_points, n_points + 3)
        n_points += 3
        expect(chart).to_have_attribute("data-points", str(n_points))
        sections.get_by_role("link", name="Sweeps").click()
        expect(page.get_by_role("heading", name="No sweeps")).to_be_visible()
        expect(word).to_have_text("Live")
        page.go_back()
        expect(page.get_by_role("heading", name="by hand")).to_be_visible()
        expect(word).to_have_text("Live")
        sections.get_by_role("link", name="Experiments").click()
        expect(page.locator("#run-list")).to_be_visible()
        expect(word).to_have_text("Live")
    assert page.evaluate("() => globalThis.isFirstPage")
