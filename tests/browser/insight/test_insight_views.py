"""The views that explain a sweep, in a browser: drawn when asked for, live, brushed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from assets import AXE, read_asset
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from tabs import Tabs
from training import SweepFiles

CANVAS = ".insight-canvas"
POINT = """(place) => {
  const chart = echarts.getInstanceByDom(document.querySelector(".insight-drawing"));
  const { value } = chart.getOption().series[0].data[place];
  const [x, y] = chart.convertToPixel({ seriesIndex: 0 }, value);
  const { left, top } = chart.getDom().getBoundingClientRect();
  return [left + x, top + y];
}"""


@pytest.fixture
def sweep(logdir: Path) -> Iterator[SweepFiles]:
    sweep = SweepFiles(logdir / "s")
    yield sweep
    sweep.close()


def end_runs(sweep: SweepFiles, *indices: int) -> None:
    for index in indices:
        sweep.start(index, batch_size=32 if index % 2 else 64)
        sweep.end(index)


def test_history_grows_while_the_sweep_continues_and_leads_to_its_runs(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    end_runs(sweep, 1, 2, 3)
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(page.get_by_role("heading", name="Hyperparameter sweep summary")).to_be_visible()
    assert not any("echarts" in url or "/api/insight" in url for url in requested)

    page.get_by_role("link", name="History").click()
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "3")
    expect(page.locator("#insight")).to_contain_text("0.03, by run 3")
    end_runs(sweep, 4, 5)
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "5")
    expect(page.locator("#insight")).to_contain_text("0.05, by run 5")
    full = [url for url in requested if "/api/insight" in url and "since" not in url]
    assert len(full) == 1, "what is known is not asked for again"

    page.locator(CANVAS).scroll_into_view_if_needed()
    x, y = page.evaluate(POINT, 1)
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    expect(page.locator(".insight-tooltip")).to_contain_text("run 2")
    expect(page.locator("#run-2")).to_have_class(re.compile("is-pointed"))
    page.mouse.click(x, y)
    expect(page.get_by_role("heading", name="Run 2")).to_be_visible()


def test_brushing_writes_a_filter_into_the_address_and_is_restored_from_it(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    end_runs(sweep, *range(1, 11))
    page.goto(f"{dashboard.url}/sweeps/s?panel=parallel")
    page.locator("#insight").scroll_into_view_if_needed()
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "10")
    expect(page.locator("#filter-menu")).to_be_hidden()
    page.locator(CANVAS).scroll_into_view_if_needed()
    strip = page.locator(".brush-axis").nth(1)
    box = strip.bounding_box()
    assert box is not None
    x, middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, box["y"] + box["height"] - 12)
    page.mouse.down()
    page.mouse.move(x, middle + 60)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"panel=parallel&p\.batch_size=32$"))
    expect(page.locator(".brush")).to_have_count(1)
    expect(page.locator("#runs tbody tr[data-state]")).to_have_count(5)
    expect(page.locator(CANVAS)).to_have_attribute("data-passing", "5")
    page.reload()
    expect(page.locator(".brush")).to_have_count(1)
    strip.click(position={"x": 14, "y": 12})
    expect(page.locator(".brush")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"panel=parallel$"))
    expect(page.locator("#runs tbody tr[data-state]")).to_have_count(10)
    page.go_back()
    expect(page.locator(".brush")).to_have_count(1)


def test_scatter_time_line_and_importance_are_drawn_and_accessible(
    tabs: Tabs, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    page = tabs.open(width=390, has_policy=False)  # for axe, which is no script of ours
    end_runs(sweep, *range(1, 13))
    page.goto(f"{dashboard.url}/sweeps/s?panel=scatter")
    page.locator("#insight").scroll_into_view_if_needed()  # nothing is loaded before
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "12")
    page.get_by_label("Hyperparameter", exact=True).select_option("batch_size")
    expect(page).to_have_url(re.compile("across=batch_size"))
    expect(page.locator("#insight")).to_contain_text("batch_size and the best Accuracy")
    page.evaluate(read_asset(AXE).decode())
    for panel, message in (("Workers", "The workers were busy"), ("Importance", "by Optuna")):
        page.get_by_role("link", name=panel, exact=True).click()
        expect(page.locator("#insight")).to_contain_text(message)
        found = page.evaluate("axe.run(document.querySelector('#insight'))")
        assert [one["id"] for one in found["violations"]] == []
