"""The views that explain experiments, and groups by a part of their names, in a browser."""

import re
from pathlib import Path

import pytest
from assets import AXE, read_asset
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from tabs import Tabs

from ml_tracking_ops.logger import ExperimentLogger

CANVAS = ".insight-canvas"
AXE_RUN = "async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])"


@pytest.fixture(autouse=True)
def experiments(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six of two kinds, each kind with three seeds."""
    for number in range(6):
        kind, seed = "ab"[number % 2], number // 2
        name = f"run_{kind}_s{seed}"
        path = logdir / name / f"{name}.dat"
        path.parent.mkdir(parents=True)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
        with ExperimentLogger(config={"kind": kind, "seed": seed}) as writer:
            for step in range(3):
                writer.add_scalar("val/loss", 10.0 - number - step, step)


def test_views_are_drawn_brushed_and_closed(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/experiments")
    page.get_by_role("link", name="Explain").click()
    canvas = page.locator(CANVAS)
    expect(canvas).to_have_attribute("data-runs", "6")
    expect(page.locator("#insight")).to_contain_text("Best val/loss so far 3")
    page.get_by_role("link", name="Parallel coordinates").click()
    expect(canvas.locator(".brush-axis")).to_have_count(3)
    box = canvas.locator(".brush-axis").nth(0).bounding_box()  # kind: b above a
    assert box is not None
    page.mouse.move(box["x"] + 14, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 14, box["y"] + 0.45 * box["height"], steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"p\.kind=b"))
    expect(canvas).to_have_attribute("data-passing", "3")
    expect(page.locator("#table-rows tr")).to_have_count(3)
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#insight")).to_have_count(0)


def test_direction_of_the_metric_is_chosen_in_the_panel(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/experiments?panel=history")
    lower = page.get_by_role("button", name="Lower is better")
    expect(lower).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Higher is better").click()
    expect(lower).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#insight")).to_contain_text("Best val/loss so far 10")


@pytest.mark.parametrize("panel", ["history", "parallel", "scatter", "importance"])
def test_views_of_experiments_have_no_barriers(
    tabs: Tabs, dashboard: Dashboard, panel: str
) -> None:
    page = tabs.open(has_policy=False, width=390, height=844)
    page.goto(f"{dashboard.url}/experiments?panel={panel}")
    expect(page.locator("#insight")).to_be_visible()
    page.evaluate(read_asset(AXE).decode())
    assert page.evaluate(AXE_RUN) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_curves_are_averaged_by_a_part_of_the_name(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/experiments")
    chart = page.locator('[data-metric="val/loss"]')
    expect(chart).to_have_attribute("data-runs", "6")
    page.locator("#chart-group").select_option("Part of the name")
    part = page.get_by_label("Regular expression of the groups")
    expect(part).to_be_focused()
    part.fill("_(.)_")
    part.press("Enter")
    expect(page).to_have_url(re.compile(r"group=name\."))
    expect(chart).to_have_attribute("data-runs", "2")
    expect(page.locator("#legend")).to_contain_text("a")
    page.locator("#chart-group").select_option("No groups")
    expect(chart).to_have_attribute("data-runs", "6")
    expect(part).to_be_hidden()
