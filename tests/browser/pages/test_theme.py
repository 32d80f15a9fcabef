"""The theme can be chosen instead of that of the system, for all pages."""

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from tabs import Tabs

BRIGHTNESS = """() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g)
    .reduce((sum, one) => sum + Number(one), 0)"""


def is_dark(page: Page) -> bool:
    brightness: float = page.evaluate(BRIGHTNESS)
    return brightness < 200


@pytest.mark.parametrize("system", ["light", "dark"])
def test_theme_is_chosen_beside_that_of_the_system_and_kept(
    tabs: Tabs, dashboard: Dashboard, system: str
) -> None:
    page = tabs.open(theme=system)
    page.goto(f"{dashboard.url}/experiments")
    assert is_dark(page) is (system == "dark")
    for expected in ("light", "dark"):
        page.locator("#theme-button").click()
        expect(page.get_by_role("button", name=f"Theme: {expected}")).to_be_visible()
        assert is_dark(page) is (expected == "dark")
    page.get_by_role("link", name="Sweeps").first.click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert is_dark(page)
    page.get_by_role("button", name="Theme: dark").click()
    expect(page.get_by_role("button", name="Theme: as the system")).to_be_visible()
    assert is_dark(page) is (system == "dark")


def test_theme_is_set_before_the_page_is_drawn(tabs: Tabs, dashboard: Dashboard) -> None:
    page = tabs.open(theme="light")
    page.goto(f"{dashboard.url}/experiments")
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.add_init_script(
        """new MutationObserver((_, observer) => {
            if (!document.body) return;
            window.themeAtFirst = document.documentElement.dataset.theme;
            observer.disconnect();
        }).observe(document, { childList: true, subtree: true });"""
    )
    page.reload()
    assert page.evaluate("window.themeAtFirst") == "dark"


def test_other_tabs_follow(tabs: Tabs, dashboard: Dashboard) -> None:
    first = tabs.open(theme="light")
    first.goto(f"{dashboard.url}/experiments")
    second = first.context.new_page()
    second.goto(f"{dashboard.url}/sweeps")
    first.locator("#theme-button").click()
    first.locator("#theme-button").click()
    expect(second.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert is_dark(second)
    second.close()
