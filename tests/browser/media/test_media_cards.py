"""The cards of a run: sliders, live as they come, the whole window, tables, histograms."""

import re
from pathlib import Path

import numpy as np
import pytest
from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect
from tabs import Tabs

from ml_tracking_ops.logger import ExperimentLogger


@pytest.fixture
def writer(logdir: Path) -> ExperimentLogger:
    writer = ExperimentLogger(logdir)
    writer.add_scalar("loss", 1.0, 0)
    return writer


def flat(level: int) -> np.ndarray:
    return np.full((20, 30, 3), level, np.uint8)


def open_run(page: Page, dashboard: Dashboard, writer: ExperimentLogger) -> Locator:
    page.goto(f"{dashboard.url}/runs/{Path(writer.folder).name}")
    expect(page.locator("#connection")).to_have_text("Live")
    section = page.locator("[data-media]")
    return section


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def test_slider_moves_through_the_steps_and_stays_at_the_end_as_they_come(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for step in range(0, 50, 10):
        writer.add_image("samples", flat(step), step, caption=f"after {step}")
    section = open_run(page, dashboard, writer)
    section.scroll_into_view_if_needed()
    samples = card(page, "image samples")
    expect(samples).to_contain_text("after 40")
    slider = samples.get_by_role("slider")
    writer.add_image("samples", flat(99), 50, caption="after 50")
    expect(samples).to_contain_text("after 50")
    slider.focus()
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    expect(samples).to_contain_text("after 30")
    writer.add_image("samples", flat(98), 60, caption="after 60")
    expect(slider).to_have_attribute("max", "6")
    expect(samples).to_contain_text("after 30")


def test_section_comes_with_the_first_image(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    section = open_run(page, dashboard, writer)
    expect(section).to_be_hidden()
    writer.add_text("note", "**hello**", 0)
    expect(section).to_be_visible()
    section.scroll_into_view_if_needed()
    expect(section.locator("strong")).to_have_text("hello")


def test_one_slider_moves_all_cards(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for step in range(0, 40, 10):
        writer.add_text("a", f"a at {step}", step)
        writer.add_text("b", f"b at {step + 5}", step + 5)
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    expect(card(page, "text a")).to_contain_text("a at 30")
    page.get_by_label("One slider for all").check()
    shared = page.get_by_role("slider", name="Step of all cards")
    shared.fill("3")  # of 0 5 10 15 …
    expect(card(page, "text a")).to_contain_text("a at 10")
    expect(card(page, "text b")).to_contain_text("b at 15")
    card(page, "text a").get_by_role("slider").fill("0")
    expect(card(page, "text b")).to_contain_text("b at 5")


def test_image_fills_the_window_zooms_and_goes_through_the_steps(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for step in (1, 2):
        writer.add_image("samples", flat(step), step, caption=f"number {step}")
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    samples = card(page, "image samples")
    samples.get_by_role("button", name=re.compile("whole window")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("samples · step 2 · number 2 · 30 × 20")
    image = dialog.locator("img")
    before = image.bounding_box()
    page.keyboard.press("+")
    after = image.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"]
    expect(image).to_have_class(re.compile("is-pixelated"))
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("step 1 · number 1")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(samples).to_contain_text("number 1")


def test_two_fingers_zoom_and_buttons_go_through_the_images_of_a_step(
    tabs: Tabs, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    page = tabs.open(width=390, height=844)
    for number in range(2):
        writer.add_image("samples", flat(number), 1, caption=f"number {number}")
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    opener = card(page, "image samples").get_by_role("button", name=re.compile("whole window"))
    opener.first.click()
    dialog = page.get_by_role("dialog")
    image = dialog.locator("img")
    expect(dialog).to_contain_text("1 of 2 · number 0")
    before = image.bounding_box()
    session = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 20), ("touchMove", 30), ("touchMove", 60)):
        points = [{"x": 195 + side * apart, "y": 450, "id": side + 1} for side in (-1, 1)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    after = image.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(3 * before["width"], rel=0.1)
    dialog.get_by_role("button", name="Next image (↓)").click()
    expect(dialog).to_contain_text("2 of 2 · number 1")


def test_whole_window_goes_through_all_images_of_a_step(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for step in (1, 2):
        for number in range(30 if step == 1 else 2):
            writer.add_image("samples", flat(number), step, caption=f"number {number}")
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    samples = card(page, "image samples")
    samples.get_by_role("slider").fill("0")
    expect(samples).to_contain_text("1–24 of 30")
    samples.get_by_role("button", name=re.compile("whole window")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 30 · number 0")
    page.keyboard.press("ArrowUp")
    expect(dialog).to_contain_text("30 of 30 · number 29")
    page.keyboard.press("ArrowUp")
    expect(dialog).to_contain_text("29 of 30 · number 28")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("step 2 · 2 of 2 · number 1")


def test_table_sorts_and_filters(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    rows = [{"label": label, "p": p} for label, p in (("cat", 0.2), ("dog", 0.9), ("cat", 0.7))]
    writer.add_table("predictions", rows, 0)
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    table = card(page, "table predictions")
    first = table.locator("tbody tr").first
    expect(first).to_contain_text("cat")
    table.get_by_role("button", name="p", exact=True).click()
    expect(first).to_have_text(re.compile("dog.*0.9"))
    table.get_by_role("searchbox").fill("cat p>0.5")
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(first).to_contain_text("0.7")


def test_histograms_are_drawn_with_their_numbers(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for step in range(4):
        writer.add_histogram("weights", np.linspace(0, step + 1, 100), step)
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    weights = card(page, "histogram weights")
    expect(weights).to_contain_text("100 values · 0 to 4")
    weights.get_by_role("button", name="Ridges").click()
    expect(weights.get_by_role("img", name="weights over the steps as ridges")).to_be_visible()
    weights.get_by_role("slider").fill("0")
    expect(weights).to_contain_text("step 0 · 100 values · 0 to 1")


def test_damaged_image_affects_only_its_card(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    writer.add_image("broken", flat(1), 0)
    writer.add_image("whole", flat(2), 0, caption="fine")
    for path in Path(writer.folder).rglob("logged_media/*.png"):
        if path.read_bytes() != b"" and b"\x89PNG" in path.read_bytes()[:8]:
            data = path.read_bytes()
            break
    path.write_bytes(data[:40] + bytes(len(data) - 40))
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    expect(page.get_by_text("This image cannot be shown: its file is damaged.")).to_have_count(1)
    expect(page.locator(".media-card img:visible")).to_have_count(1)


def test_damaged_histogram_is_reported_and_long_captions_are_cut(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    writer.add_image("samples", flat(1), 0, caption="words " * 300)
    line = b'{"kind":"histogram","name":"h","step":1,"time":1,"counts":[-1],"edges":[0,1]}\n'
    with open(writer.path.replace(".dat", ".media.jsonl"), "ab") as index:
        index.write(line)
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    expect(card(page, "histogram h")).to_contain_text("what was logged is damaged")
    box = card(page, "image samples").locator("figcaption").bounding_box()
    assert box is not None
    assert box["height"] < 90


def test_single_image_is_as_wide_as_there_is_room_and_as_sharp(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (500, 1_000, 3), np.uint8)
    writer.add_image("samples", noise, 0)
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    image = card(page, "image samples").locator("img")
    expect(image).to_have_js_property("naturalWidth", 960)
    box = image.bounding_box()
    assert box is not None
    assert box["width"] > 700
    expect(page.get_by_label("One slider for all")).to_be_hidden()


def test_only_visible_items_are_requested(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for number in range(60):
        writer.add_image(f"name {number:02}", flat(number), 0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_run(page, dashboard, writer).scroll_into_view_if_needed()
    expect(card(page, "image name 00").locator("img")).to_be_visible()
    assert not any("name%2047" in url or "name+47" in url for url in asked)
    page.get_by_role("button", name="Show all 60 names").click()
    last = card(page, "image name 59")
    last.scroll_into_view_if_needed()
    expect(last.locator("img")).to_be_visible()
