"""Files of media as a real browser keeps and shows them."""

import io
import re
from pathlib import Path

import pytest
from dashboard import Dashboard
from PIL import Image
from playwright.sync_api import Page, expect

from ml_tracking_ops.logger import ExperimentLogger

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">
<foreignObject width="30" height="20"><form xmlns="http://www.w3.org/1999/xhtml">
<input type="password"/></form></foreignObject></svg>"""
NATURAL_WIDTH = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image.naturalWidth;
}"""
FETCHED_TYPE = 'async (address) => (await fetch(address)).headers.get("content-type")'


@pytest.fixture
def writer(logdir: Path) -> ExperimentLogger:
    writer = ExperimentLogger(logdir)
    writer.add_scalar("loss", 1.0, 0)
    return writer


def open_run(page: Page, dashboard: Dashboard, writer: ExperimentLogger) -> None:
    page.goto(f"{dashboard.url}/runs/{Path(writer.folder).name}")
    page.locator("[data-media]").scroll_into_view_if_needed()
    expect(page.locator(".media-card img")).to_be_visible()


class HostileFigure:
    """What `add_figure` needs of a figure of matplotlib."""

    def savefig(self, file: io.BytesIO, *, format: str, **_: object) -> None:
        if format == "svg":
            file.write(SVG)
        else:
            Image.new("RGB", (30, 20)).save(file, "PNG")


def address_of_svg(page: Page, dashboard: Dashboard, writer: ExperimentLogger) -> str:
    """Return the address that the page gives an SVG."""
    writer.add_figure("plot", HostileFigure(), 0, svg=True, close=False)
    open_run(page, dashboard, writer)
    named = {"run": Path(writer.folder).name, "kind": "image", "name": "plot"}
    answer = page.request.get(f"{dashboard.url}/api/media/step", params=named)
    return f"{dashboard.url}{answer.json()['items'][0]['svg']}"


def test_svg_that_was_an_image_before_is_no_page(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    address = address_of_svg(page, dashboard, writer)
    assert page.evaluate(NATURAL_WIDTH, address) == 30
    with page.expect_download() as download:
        page.evaluate("address => { location.href = address }", address)
    assert download.value.suggested_filename == "plot_0.svg"
    assert page.url.startswith(f"{dashboard.url}/runs/")


def test_svg_that_was_fetched_before_is_an_image(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    address = address_of_svg(page, dashboard, writer)
    assert page.evaluate(FETCHED_TYPE, address) == "application/octet-stream"
    assert page.evaluate(NATURAL_WIDTH, address) == 30


def test_photograph_on_its_side_stands_in_the_whole_window(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (1_200, 600), (200, 30, 30)).save(buffer, "JPEG", exif=exif)
    writer.add_image("photo", buffer.getvalue(), 0)
    open_run(page, dashboard, writer)
    page.get_by_role("button", name=re.compile("whole window")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("600 × 1200")
    box = dialog.locator("img").bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(2 * box["width"], rel=0.01)
