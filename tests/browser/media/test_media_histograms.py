"""Histograms in cards: each step, several of a step, and what comes while they are visible."""

from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect

from ml_tracking_ops.logger import ExperimentLogger

IS_REDRAWN = "([canvas, before]) => canvas.toDataURL() !== before"
RIDGES = """async (n) => {
  const { ridgesIn } = await import("/static/media/histogram_drawing.js");
  return ridgesIn(200, n);
}"""


@pytest.fixture
def writer(logdir: Path) -> ExperimentLogger:
    writer = ExperimentLogger(logdir)
    writer.add_scalar("loss", 1.0, 0)
    return writer


def open_card(page: Page, dashboard: Dashboard, writer: ExperimentLogger) -> Locator:
    page.goto(f"{dashboard.url}/runs/{Path(writer.folder).name}")
    expect(page.locator("#connection")).to_have_text("Live")
    page.locator("[data-media]").scroll_into_view_if_needed()
    card = page.get_by_role("article", name="histogram w", exact=True)
    expect(card).to_contain_text("values")
    return card


def drawn_pixels(card: Locator) -> str:
    image: str = card.locator(".media-stack").evaluate("canvas => canvas.toDataURL()")
    return image


def test_numbers_and_drawing_follow_the_slider_as_steps_come(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    writer.add_histogram("w", [0, 1], 0)
    card = open_card(page, dashboard, writer)
    for step in range(1, 4):
        before = drawn_pixels(card)
        writer.add_histogram("w", [0] * step + [1], step)
        expect(card).to_contain_text(f"step {step} · {step + 1} values")
    stack = card.locator(".media-stack").element_handle()
    page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before", arg=[stack, before]
    )


def test_every_step_is_shown_though_not_all_are_drawn(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for step in range(300):
        writer.add_histogram("w", [0, step], step)
    card = open_card(page, dashboard, writer)
    expect(card).to_contain_text("150 of 300 steps are drawn.")
    for step in (152, 7, 8):
        card.get_by_role("slider").fill(str(step))
        expect(card).to_contain_text(f"step {step} · 2 values · 0 to {step}")


def test_all_histograms_of_a_step_are_shown_one_by_one(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for number in range(2):
        writer.add_histogram("w", [0] * (number + 5), 1)
    writer.add_histogram("w", [0], 2)
    card = open_card(page, dashboard, writer)
    before = card.get_by_role("button", name="Histogram before")
    expect(before).to_be_hidden()
    card.get_by_role("slider").fill("0")
    expect(card).to_contain_text("Histogram 2 of 2")
    expect(card).to_contain_text("6 values")
    before.focus()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Histogram 1 of 2")
    expect(card).to_contain_text("5 values")
    expect(card.get_by_role("button", name="Next histogram")).to_be_focused()


def test_overlaid_histograms_are_those_of_the_step(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    names = []
    for number in range(2):
        with ExperimentLogger(logdir) as writer:
            for step in range(300):
                writer.add_histogram("w", np.array([number, step]), step)
        names.append(Path(writer.folder).name)
    page.goto(f"{dashboard.url}/compare?" + "&".join(f"run={quote(name)}" for name in names))
    page.locator("[data-media]").scroll_into_view_if_needed()
    row = page.get_by_role("article", name="histogram w")
    row.get_by_role("slider").fill("152")
    lines = row.get_by_role("listitem")
    for number in range(2):
        expect(lines.nth(number)).to_contain_text("step 152")
        expect(lines.nth(number)).to_contain_text(f"{number} to 152")


@pytest.mark.parametrize("n", [1, 2, 4, 24])
def test_ridges_are_as_tall_as_there_is_room(modules: Page, n: int) -> None:
    found = modules.evaluate(RIDGES, n)
    assert len(found["bases"]) == n
    assert found["bases"][-1] == pytest.approx(200)
    assert found["bases"] == sorted(found["bases"])
    assert 0 <= found["bases"][0] - found["tall"] <= 3
    assert found["tall"] >= 40
