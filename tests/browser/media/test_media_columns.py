"""A column of a table that holds the last image or text of a name."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles, Training

from ml_tracking_ops.logger import ExperimentLogger

PIXEL = """image => {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 0, 1, 1).data];
}"""


@pytest.fixture
def sweep(logdir: Path) -> Iterator[SweepFiles]:
    sweep = SweepFiles(logdir / "s")
    for index in (1, 2):
        name = sweep.start(index)
        with ExperimentLogger.at(sweep.folder / f"{name}.dat") as writer:
            writer.add_scalar("Accuracy", 0.5, 0)
            for step in (0, 10):
                image = np.full((30, 40, 3), 100 * index + step, np.uint8)
                writer.add_image("samples", image, step, caption=f"<b>run {index}</b>")
                writer.add_text("answer", f"**{index}** at {step}\n\nmore of it", step)
        sweep.end(index)
    sweep.start(3)
    yield sweep
    sweep.close()


def test_column_holds_the_last_image_and_text_of_each_run(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Image samples").check()
    expect(page.get_by_role("columnheader", name="Image samples")).to_be_visible()
    page.get_by_role("checkbox", name="Text answer").check()
    expect(page.get_by_role("columnheader", name="Text answer")).to_be_visible()
    page.keyboard.press("Escape")
    rows = page.locator("#table-rows tr")
    second = rows.filter(has=page.get_by_role("link", name="2", exact=True))
    image = second.get_by_role("img", name="The last image samples, step 10: <b>run 2</b>")
    expect(image).to_be_visible()
    image.evaluate("image => image.decode()")
    assert image.evaluate(PIXEL) == [210, 210, 210, 255]
    expect(second.get_by_role("cell", name="**2** at 10")).to_have_attribute(
        "title", re.compile("step 10: .*more of it", re.DOTALL)
    )
    expect(rows.first.locator(".image-cell")).to_have_text("–")
    image.click()
    expect(page).to_have_url(re.compile("/runs/.*#media-"))
    expect(page.get_by_role("heading", name="Images, text and more")).to_be_in_viewport()


def test_column_of_a_name_without_media_is_empty(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    with ExperimentLogger(logdir) as writer:
        writer.add_scalar("loss", 0.5, 0)
        writer.add_image("samples", np.zeros((9, 9), np.uint8), 3)
    page.goto(f"{dashboard.url}/experiments?table=1&columns=image.samples&columns=text.nothing")
    expect(page.get_by_role("img", name="The last image samples, step 3")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Text nothing")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_column_follows_a_run_that_is_running(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Callable[..., Training]
) -> None:
    name = sweep.start(4)
    train("s", name).log("Accuracy", 0, 2)
    page.goto(f"{dashboard.url}/sweeps/s?columns=image.samples")
    expect(page.locator("#connection")).to_have_text("Live")
    row = page.locator(f'tr[data-run="s/{name}"]')
    expect(row.locator(".image-cell")).to_have_text("–")
    with ExperimentLogger.at(sweep.folder / f"{name}.dat") as writer:
        for step in (5, 6):
            writer.add_image("samples", np.full((30, 40, 3), step, np.uint8), step)
            expect(row.get_by_role("img", name=f"samples, step {step}")).to_be_visible()
