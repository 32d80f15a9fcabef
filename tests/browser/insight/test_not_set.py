"""Runs without a hyperparameter in the drawings of a sweep: apart from those that have a number."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles

CANVAS = ".insight-canvas"
BORDER = """() => {
    const chart = echarts.getInstanceByDom(document.querySelector(".insight-drawing"));
    const [{ data, markLine }] = chart.getOption().series;
    return [markLine.data.map(line => line.xAxis), data.map(({ value }) => value[0])];
}"""


@pytest.fixture
def address(logdir: Path, dashboard: Dashboard) -> Iterator[str]:
    """Runs 1 and 2 have a momentum, run 3 has none."""
    sweep = SweepFiles(logdir / "s")
    for index, given in ((1, {"momentum": 0.5}), (2, {"momentum": 0.9}), (3, {})):
        sweep.start(index, **given)
        sweep.end(index)
    yield f"{dashboard.url}/sweeps/s"
    sweep.close()


def test_axis_is_interrupted_between_not_set_and_the_numbers(page: Page, address: str) -> None:
    page.goto(f"{address}?panel=parallel")
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "3")
    expect(page.locator(".axis-gap")).to_have_count(1)


def test_line_is_drawn_between_points_that_are_not_set_and_the_others(
    page: Page, address: str
) -> None:
    page.goto(f"{address}?panel=scatter&across=momentum")
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "3")
    [border], places = page.evaluate(BORDER)
    without, *numbers = sorted(places)
    assert without < border < min(numbers)
    page.goto(f"{address}?panel=scatter&across=learning_rate")
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "3")
    assert page.evaluate(BORDER)[0] == []
