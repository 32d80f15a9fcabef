"""Named views in the menu of every page."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from dashboard import Dashboard
from holding import scripts_held
from playwright.sync_api import Page, expect
from training import Training

Train = Callable[..., Training]


def test_view_is_saved_while_what_saves_it_is_still_loading(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    train("a").log("Loss", 0, 5)
    page.goto(f"{dashboard.url}/experiments")
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-points", "5")
    with scripts_held(page):
        page.get_by_role("button", name="Views").click()
        menu = page.get_by_role("dialog", name="Views of this log folder")
        menu.get_by_label("Save this page as").fill("mine")
        menu.get_by_role("button", name="Save").click()
    expect(menu.get_by_role("link", name="mine")).to_be_visible()


def test_view_is_saved_found_again_renamed_and_deleted(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    for name in ("a", "b"):
        train(name).log("Loss", 0, 5)
    page.goto(f"{dashboard.url}/experiments?run=a&smoothing=0.5")
    page.get_by_role("button", name="Views").click()
    menu = page.get_by_role("dialog", name="Views of this log folder")
    expect(menu).to_contain_text("No view is saved yet")
    menu.get_by_label("Save this page as").fill("only a")
    menu.get_by_role("button", name="Save").click()
    expect(menu.get_by_role("link", name="only a")).to_have_attribute("aria-current", "page")
    kept = json.loads((logdir / "annotations.json").read_text())["views"]
    assert kept == [{"name": "only a", "address": "/experiments?run=a&smoothing=0.5"}]
    page.goto(f"{dashboard.url}/sweeps")
    page.get_by_role("button", name="Views").click()
    menu.get_by_role("link", name="only a").click()
    expect(page).to_have_url(re.compile(r"/experiments\?run=a&smoothing=0\.5$"))
    page.get_by_role("button", name="Views").click()
    menu.get_by_role("button", name="Begin with only a").click()
    expect(menu.get_by_role("button", name="Begin with the experiments")).to_be_visible()
    page.goto(dashboard.url)
    expect(page).to_have_url(re.compile("run=a"))
    page.get_by_role("button", name="Views").click()
    menu.get_by_role("button", name="Rename only a").click()
    dialog = page.get_by_role("dialog", name="Rename this view")
    dialog.get_by_label("Name").fill("first")
    dialog.get_by_role("button", name="Rename").click()
    page.get_by_role("button", name="Views").click()
    menu.get_by_role("button", name="Delete first").click()
    page.get_by_role("dialog", name="Delete the view").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“first” is deleted")).to_be_visible()
    assert "views" not in json.loads((logdir / "annotations.json").read_text())


def test_menu_of_views_is_within_a_narrow_screen(
    tabs: object, page: Page, dashboard: Dashboard, train: Train
) -> None:
    train("a").log("Loss", 0, 5)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(dashboard.url)
    page.get_by_role("button", name="Views").click()
    box = page.locator("#views-menu").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
