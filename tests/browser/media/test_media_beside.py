"""The page Compare: images and the like of several runs side by side."""

import re
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect

from ml_tracking_ops.logger import ExperimentLogger

LEVEL = """canvas => [...canvas.getContext("2d").getImageData(0, 0, 1, 1).data]"""


def flat(level: int, side: int = 20) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


@pytest.fixture
def names(logdir: Path) -> list[str]:
    found = []
    for number in range(3):
        with ExperimentLogger(logdir) as writer:
            writer.add_scalar("loss", 1.0, 0)
            for step in (0, 10):
                image = flat(100 + 10 * number + step)
                image[:10] = 50  # half of it is the same
                writer.add_image("samples", image, step, caption=f"run {number} at {step}")
            writer.add_histogram("weights", [0.0, number + 1.0], 10)
        found.append(Path(writer.folder).name)
    with ExperimentLogger.at(writer.path) as writer:
        writer.add_text("note", "only here", 0)
    return found


def open_page(page: Page, dashboard: Dashboard, names: list[str]) -> None:
    query = "&".join(f"run={quote(name)}" for name in names)
    page.goto(f"{dashboard.url}/compare?{query}")
    page.locator("[data-media]").scroll_into_view_if_needed()
    expect(page.get_by_role("article", name="image samples")).to_be_visible()


def test_same_step_of_all_runs_is_side_by_side(
    page: Page, dashboard: Dashboard, names: list[str]
) -> None:
    open_page(page, dashboard, names)
    samples = page.get_by_role("article", name="image samples")
    for number in range(3):
        expect(samples).to_contain_text(f"run {number} at 10")
    samples.get_by_role("slider").fill("0")
    for number in range(3):
        expect(samples).to_contain_text(f"run {number} at 0")
    note = page.get_by_role("article", name="text note")
    note.scroll_into_view_if_needed()
    expect(note).to_contain_text("only here")
    expect(note).to_contain_text(f"Not logged by {names[0]}, {names[1]}.")


def test_difference_is_drawn_and_measured(
    page: Page, dashboard: Dashboard, names: list[str]
) -> None:
    open_page(page, dashboard, names)
    samples = page.get_by_role("article", name="image samples")
    samples.get_by_label("How samples is compared").select_option("Difference")
    expect(samples).to_contain_text("50 % of the pixels differ · the largest difference is 10")
    canvas = samples.get_by_role("img", name=re.compile("Difference of"))
    assert canvas.evaluate(LEVEL) == [0, 0, 0, 255]
    samples.get_by_label("Which run samples is compared with").select_option(names[2])
    expect(samples).to_contain_text("the largest difference is 20")


def test_images_of_a_step_are_compared_one_by_one(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    names = []
    for n_images in (3, 2):
        with ExperimentLogger(logdir) as writer:
            for number in range(n_images):
                writer.add_image("samples", flat(100 + number * n_images), 7)
        names.append(Path(writer.folder).name)
    open_page(page, dashboard, names)
    samples = page.get_by_role("article", name="image samples")
    samples.get_by_label("How samples is compared").select_option("Difference")
    expect(samples).to_contain_text("No pixel differs.")
    expect(samples).to_contain_text("1 of 3")
    samples.get_by_role("button", name="Next image").click()
    expect(samples).to_contain_text("the largest difference is 1 of 255")
    samples.get_by_role("button", name="Next image").click()
    expect(samples).to_contain_text(f"{names[1]} has only 2 at step 7.")
    samples.get_by_role("button", name="Next image").click()
    expect(samples).to_contain_text("No pixel differs.")


def test_blinking_shows_one_after_the_other(
    page: Page, dashboard: Dashboard, names: list[str]
) -> None:
    open_page(page, dashboard, names[:2])
    samples = page.get_by_role("article", name="image samples")
    samples.get_by_label("How samples is compared").select_option("Blink")
    for number in (0, 1, 0):
        expected = f"{names[number]} · step 10 · run {number} at 10"
        expect(samples.locator(".media-facts")).to_have_text(expected)
    samples.get_by_label("How samples is compared").select_option("Side by side")
    expect(samples).to_contain_text("run 1 at 10")


def test_difference_of_pixels_is_brightest_where_it_is_largest(modules: Page) -> None:
    found = modules.evaluate(
        """async () => {
          const { differenceOf } = await import("/static/media/pair.js");
          const of = (...values) => Uint8ClampedArray.from(values);
          const one = of(0, 0, 0, 255, 9, 9, 9, 255), other = of(0, 0, 0, 255, 9, 14, 9, 255);
          const found = differenceOf(one, other);
          return { ...found, data: [...found.data] };
        }"""
    )
    assert found["data"] == [0, 0, 0, 255, 0, 255, 0, 255]
    assert (found["largest"], found["share"]) == (5, 0.5)


def test_histograms_are_drawn_over_one_another_or_side_by_side(
    page: Page, dashboard: Dashboard, names: list[str]
) -> None:
    open_page(page, dashboard, names)
    weights = page.get_by_role("article", name="histogram weights")
    weights.scroll_into_view_if_needed()
    figure = weights.get_by_role("img", name="Histograms of weights, one outline for each run")
    expect(figure.locator("path")).to_have_count(3)
    expect(weights.get_by_role("listitem")).to_have_text(
        [re.compile(f"{name}step 10 .*0 to {number + 1}$") for number, name in enumerate(names)]
    )
    weights.get_by_label("How weights is compared").select_option("Side by side")
    expect(weights.locator(".media-column")).to_have_count(3)
    expect(figure).to_have_count(0)


def test_page_follows_what_its_runs_log(page: Page, dashboard: Dashboard, names: list[str]) -> None:
    open_page(page, dashboard, names[:2])
    expect(page.locator("#connection")).to_have_text("Live")
    samples = page.get_by_role("article", name="image samples")
    expect(samples).to_contain_text("run 1 at 10")
    folder = dashboard.logdir / names[1]
    with ExperimentLogger.at(folder / f"{names[1]}.dat") as writer:
        writer.add_image("samples", flat(7), 20, caption="later")
        writer.add_text("note", "came meanwhile", 20)
    expect(samples).to_contain_text("later")
    expect(samples).to_contain_text("run 0 at 10")
    note = page.get_by_role("article", name="text note")
    note.scroll_into_view_if_needed()
    expect(note).to_contain_text("came meanwhile")


def test_first_image_of_the_runs_brings_the_part_of_the_page(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    writers = [ExperimentLogger(logdir) for _ in range(2)]
    for writer in writers:
        writer.add_scalar("loss", 1.0, 0)
    query = "&".join(f"run={quote(Path(writer.folder).name)}" for writer in writers)
    page.goto(f"{dashboard.url}/compare?{query}")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("[data-media]")).to_have_count(0)
    writers[1].add_image("samples", flat(9), 0, caption="the first")
    expect(page.get_by_role("heading", name="Images, text and more")).to_be_visible()
    page.locator("[data-media]").scroll_into_view_if_needed()
    expect(page.get_by_role("article", name="image samples")).to_contain_text("the first")
    for writer in writers:
        writer.close()


def test_outlines_are_densities_on_one_axis(modules: Page) -> None:
    found = modules.evaluate(
        """async () => {
          const { outlinesOf } = await import("/static/media/overlay.js");
          return outlinesOf([
            { edges: [0, 1, 2], shares: [0.5, 0.5] },
            { edges: [0, 4], shares: [1] },
          ]);
        }"""
    )
    assert (found["low"], found["high"]) == (0, 4)
    first = [[0, 200], [0, 4], [250, 4], [250, 4], [500, 4], [500, 200]]
    assert np.allclose(found["lines"][0], first)
    assert np.allclose(found["lines"][1], [[0, 200], [0, 102], [1000, 102], [1000, 200]])


def test_names_are_found_and_more_of_them_shown(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    names = []
    for _ in range(2):
        with ExperimentLogger(logdir) as writer:
            for number in range(70):
                writer.add_text(f"layer {number:02}", f"text {number}", 0)
        names.append(Path(writer.folder).name)
    page.goto(f"{dashboard.url}/compare?run={names[0]}&run={names[1]}")
    page.locator("[data-media]").scroll_into_view_if_needed()
    last = page.get_by_role("article", name="text layer 69")
    expect(page.get_by_role("article", name="text layer 00")).to_be_visible()
    expect(last).to_have_count(0)
    search = page.get_by_role("searchbox", name="Find images and the like by name")
    search.fill("LAYER 6")
    expect(page.locator("[data-media] article")).to_have_count(10)
    last.scroll_into_view_if_needed()
    expect(last.get_by_text("text 69")).to_have_count(2)
    search.fill("")
    page.get_by_role("button", name="Show more of 70 names").click()
    expect(page.locator("[data-media] article")).to_have_count(70)
