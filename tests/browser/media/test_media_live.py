"""What is logged while a card is visible comes to it, and the rest of the card stays as it is."""

from pathlib import Path

import numpy as np
import pytest
from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect

from ml_tracking_ops.logger import ExperimentLogger


@pytest.fixture
def writer(logdir: Path) -> ExperimentLogger:
    writer = ExperimentLogger(logdir)
    writer.add_scalar("loss", 1.0, 0)
    return writer


def flat(level: int) -> np.ndarray:
    return np.full((20, 30, 3), level, np.uint8)


def open_card(page: Page, dashboard: Dashboard, writer: ExperimentLogger, name: str) -> Locator:
    page.goto(f"{dashboard.url}/runs/{Path(writer.folder).name}")
    expect(page.locator("#connection")).to_have_text("Live")
    page.locator("[data-media]").scroll_into_view_if_needed()
    return page.get_by_role("article", name=name, exact=True)


def test_further_items_of_the_shown_step_come_and_leave_the_others(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    writer.add_image("parts", flat(1), 1, caption="part 0")
    writer.add_text("note", "note 0", 1)
    parts = open_card(page, dashboard, writer, "image parts")
    note = page.get_by_role("article", name="text note")
    expect(note.locator(".media-text")).to_have_count(1)
    first = note.locator(".media-text").element_handle()
    for number in range(1, 4):
        writer.add_image("parts", flat(number), 1, caption=f"part {number}")
        writer.add_text("note", f"note {number}", 1)
        expect(parts.locator("img")).to_have_count(number + 1)
        expect(note.locator(".media-text")).to_have_count(number + 1)
    expect(note).to_contain_text("note 0 note 1 note 2 note 3", use_inner_text=True)
    assert first.evaluate("one => one.isConnected && one.textContent.trim()") == "note 0"


def test_focus_stays_on_an_image_while_others_come(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for number in range(2):
        writer.add_image("parts", flat(number), 1, caption=f"part {number}")
    parts = open_card(page, dashboard, writer, "image parts")
    opener = parts.get_by_role("button", name="Show part 1 in the whole window")
    opener.focus()
    writer.add_image("parts", flat(2), 1, caption="part 2")
    expect(parts.locator("img")).to_have_count(3)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("2 of 3 · part 1")


def test_pager_of_images_keeps_the_focus(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for number in range(30):
        writer.add_image("parts", flat(number), 1, caption=f"part {number}")
    parts = open_card(page, dashboard, writer, "image parts")
    expect(parts).to_contain_text("1–24 of 30")
    back = parts.get_by_role("button", name="Images before these")
    expect(back).to_be_disabled()
    parts.get_by_role("button", name="Images after these").focus()
    page.keyboard.press("Enter")
    expect(parts).to_contain_text("25–30 of 30")
    expect(back).to_be_focused()
    page.keyboard.press("Enter")
    expect(parts).to_contain_text("1–24 of 30")
    expect(parts.get_by_role("button", name="Images after these")).to_be_focused()


def test_texts_of_a_step_are_shown_in_parts(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for number in range(30):
        writer.add_text("note", f"note {number} {'word ' * 900}", 1)
    note = open_card(page, dashboard, writer, "text note")
    texts, pager = note.locator(".media-text"), note.locator(".media-pager")
    expect(pager).to_have_text("‹1–22 of 30›")
    expect(texts).to_have_count(22)
    pager.get_by_role("button", name="Items after these").click()
    expect(pager).to_have_text("‹23–30 of 30›")
    expect(texts.last).to_contain_text("note 29")
    pager.get_by_role("button", name="Items before these").click()
    expect(pager).to_have_text("‹1–22 of 30›")
    expect(texts.first).to_contain_text("note 0")
    writer.add_text("note", "the next step", 2)
    expect(texts).to_have_count(1)
    expect(texts).to_have_text("the next step\n")
    expect(pager).to_be_hidden()
