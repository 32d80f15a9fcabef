"""Contour, bars, distribution, scatter and the axes of parallel coordinates, in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from dashboard import Dashboard
from modules import call, evaluate
from playwright.sync_api import Page, expect
from training import SweepFiles

CANVAS = ".insight-canvas"


def test_surface_is_exact_at_its_points_and_unknown_far_from_all(modules: Page) -> None:
    points = [{"x": 0.1, "y": 0.1, "z": 1}, {"x": 0.2, "y": 0.1, "z": 3}]
    at = [[0.1, 0.1], [0.15, 0.1], [0.9, 0.9]]
    found = [call(modules, "insight/surface", "valueAt", points, *one, 1, 0.2) for one in at]
    assert found == [1, pytest.approx(2), None]
    twice = [*points, {"x": 0.2, "y": 0.1, "z": 5}]
    assert call(modules, "insight/surface", "merged", twice)[1]["z"] == 4
    cells = call(modules, "insight/surface", "interpolated", points, 4, 2, 2)
    assert len(cells) == 8
    assert cells[0] is not None
    assert cells[-1] is None


def test_distribution_of_each_value_ends_with_all_of_its_runs(modules: Page) -> None:
    script = """
        const module = "/static/insight/views/distribution.js";
        const { distributions } = await import(module);
        const values = [3, null, 1, 2], passes = (place) => place !== 3, names = ["a", "b", "c"];
        return [null, [0, 0, 1, 1]].map((column) => distributions(values, column, names, passes));
    """
    whole, apart = evaluate(modules, script)
    assert [(one["value"], one["share"]) for one in whole[0]["points"]] == [(1, 0.5), (3, 1)]
    assert [(line["name"], line["color"], len(line["points"])) for line in apart] == [
        ("a", 0, 1),
        ("b", 1, 1),
    ]


@pytest.mark.parametrize(
    ("means", "is_cut"), [([1, 2], False), ([0.95, 0.96], True), ([-1, 2], False)]
)
def test_bars_begin_at_zero_unless_that_hides_differences(
    modules: Page, means: list[float], is_cut: bool
) -> None:
    bars = [{"label": "", "n": 1, "mean": mean, "std": None} for mean in means]
    found = call(modules, "insight/views/bars", "barScale", bars)
    assert found["isCut"] is is_cut
    assert (found["scale"]["low"] > 0) is is_cut
    assert (found["scale"]["low"] == 0) is (min(means) > 0 and not is_cut)


def test_dragged_axis_moves_next_to_its_target(modules: Page) -> None:
    axes: list[dict[str, Any]] = [{"x": 0}, {"x": 100}, {"x": 200}]
    assert call(modules, "insight/axis_handles", "placeOfAxis", axes, 0, 160) == 2
    assert call(modules, "insight/axis_handles", "moved", ["a", "b", "c"], 0, 2) == ["b", "c", "a"]
    assert call(modules, "insight/axis_handles", "moved", ["a", "b"], 0, -1) == ["a", "b"]


@pytest.fixture
def sweep(logdir: Path) -> Iterator[SweepFiles]:
    files = SweepFiles(logdir / "s")
    for index in range(1, 9):
        files.start(index, batch_size=32 * (1 + index % 3))
        files.end(index)
    yield files
    files.close()


@pytest.mark.parametrize("panel", ["contour", "bars", "distribution", "scatter"])
def test_each_view_is_drawn_and_leads_to_runs(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, panel: str
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s?panel={panel}")
    page.locator(CANVAS).scroll_into_view_if_needed()
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "8")
    n_drawn = page.evaluate(
        "echarts.getInstanceByDom(document.querySelector('.insight-drawing')).getOption()"
        ".series.reduce((sum, one) => sum + one.data.length, 0)"
    )
    assert n_drawn >= (6 if panel == "bars" else 8)


def test_scatter_is_coloured_by_a_third(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s?panel=scatter")
    page.locator(CANVAS).scroll_into_view_if_needed()
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "8")
    page.get_by_label("coloured by").select_option("p.batch_size")
    expect(page.locator("#insight-tint")).to_contain_text(re.compile("batch_size.*32.*64.*96"))
    page.get_by_label("coloured by").select_option("p.learning_rate")
    expect(page.locator("#insight-tint .color-scale")).to_be_visible()


def axes_of(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("axes", [])


def test_parallel_axes_are_moved_turned_and_chosen(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s?panel=parallel")
    page.locator(CANVAS).scroll_into_view_if_needed()
    handles = page.locator(".axis-handle")
    expect(handles).to_have_count(3)
    handles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("axes=batch_size&axes=learning_rate&axes=Accuracy"))
    moved = page.get_by_role("button", name="Axis learning_rate")
    expect(moved).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("axes=-learning_rate"))
    expect(page.get_by_role("button", name="Axis learning_rate, turned")).to_be_focused()
    expect(page).to_have_url(re.compile("axes=batch_size&axes=-learning_rate&axes=Accuracy"))
    first, last = handles.nth(0).bounding_box(), handles.nth(2).bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(last["x"] + 10, last["y"] + 10)
    page.mouse.down()
    page.mouse.move(first["x"] + 10, first["y"] + 10, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("axes=Accuracy&axes=batch_size&axes=-learning_rate"))
    page.locator(".axes-choice summary").click()
    page.locator(".axes-form").get_by_label("batch_size").uncheck()
    expect(handles).to_have_count(2)
    assert axes_of(page) == ["Accuracy", "-learning_rate"]
