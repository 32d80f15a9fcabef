"""What the pointer marks: the label, the legend and the curve in front are of the same run."""

import re
from collections.abc import Callable

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from tabs import Tabs
from training import Training

Train = Callable[..., Training]
MARKED = """async () => {
    for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame); // all is drawn by then
    const over = document.querySelector('[data-metric="loss"] .u-over');
    const canvas = over.closest(".u-wrap").querySelector("canvas");
    const mark = new DOMMatrix(getComputedStyle(over.querySelector(".point-mark")).transform);
    const [box, frame] = [over.getBoundingClientRect(), canvas.getBoundingClientRect()];
    const scale = canvas.width / frame.width;
    const alphaAt = y => {
        const left = Math.round((box.left - frame.left + mark.e) * scale) - 3;
        const top = Math.round((box.top - frame.top + y) * scale) - 3;
        const { data } = canvas.getContext("2d").getImageData(left, top, 7, 7);
        return Math.max(...data.filter((_, i) => i % 4 === 3));
    };
    return {
        label: over.querySelector(".tooltip-name").textContent,
        legend: [...document.querySelectorAll("#legend .is-pointed")].map(one => one.dataset.run),
        alpha: alphaAt(mark.f),
    };
}"""


@pytest.mark.parametrize("size", [(390, 844), (1440, 900), (1920, 1080)])
def test_label_at_the_pointer_covers_no_curve_no_title_and_no_tools(
    tabs: Tabs, dashboard: Dashboard, train: Train, size: tuple[int, int]
) -> None:
    train("a").log("loss", 0, 50, "step")
    page = tabs.open(width=size[0], height=size[1])
    page.goto(dashboard.url)
    chart = page.locator('[data-metric="loss"]')
    expect(chart).to_have_attribute("data-points", "50")
    chart.locator(".u-over").scroll_into_view_if_needed()
    for x in (5, 100):
        chart.locator(".u-over").hover(position={"x": x, "y": 20})
        label = chart.locator(".tooltip").bounding_box()
        plot = chart.locator(".u-over").bounding_box()
        assert label is not None
        assert plot is not None
        assert label["y"] >= plot["y"] + plot["height"]


def test_label_legend_and_curve_name_one_run_after_a_zoom_by_dragging(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    train("a").log("loss", 0, 200, "900 if step == 3 else 1.1")
    train("b").log("loss", 0, 200, "2.1")
    page.goto(dashboard.url)
    chart = page.locator('[data-metric="loss"]')
    expect(chart).to_have_attribute("data-runs", "2")
    box = chart.locator(".u-over").bounding_box()
    assert box is not None

    def place(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*place(0.3, 0.9))  # above both, which are close to each other
    before = page.evaluate(MARKED)
    assert (before["label"], before["legend"]) == ("b", ["b"])
    page.mouse.down()
    page.mouse.move(*place(0.8, 0.9), steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("zoom="))
    expect(page.locator("#legend .is-pointed")).to_have_attribute("data-run", "a")
    after = page.evaluate(MARKED)
    assert (after["label"], after["legend"]) == ("a", ["a"])
    assert after["alpha"] > 200, "the curve that the label names is faint"
