"""The Pareto front in a browser: drawn, live, and leading to its runs."""

from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from sweeps import wait_until
from training import SweepFiles, Training

CANVAS = ".insight-canvas"
AIMS = {
    "objectives": [
        {"metric": "accuracy", "goal": "max"},
        {"metric": "latency_ms", "goal": "min"},
    ],
    "early_stopping": False,
    "optimization_metric": None,
    "optimization_goal": None,
}
DRAWN = """() => echarts.getInstanceByDom(document.querySelector(".insight-drawing"))
  .getOption().series.map((one) => one.data.length)"""
POINT = """(place) => {
  const chart = echarts.getInstanceByDom(document.querySelector(".insight-drawing"));
  const { value } = chart.getOption().series[0].data[place];
  const [x, y] = chart.convertToPixel({ seriesIndex: 0 }, value);
  const { left, top } = chart.getDom().getBoundingClientRect();
  return [left + x, top + y];
}"""


def test_front_is_drawn_grows_and_leads_to_its_runs(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    sweep = SweepFiles(logdir / "s", **AIMS)
    results = [(0.5, 2.0), (0.7, 4.0), (0.4, 3.0), (0.8, 5.0)]

    def end(index: int) -> None:
        accuracy, latency = results[index - 1]
        sweep.start(index)
        values = {"accuracy": accuracy, "latency_ms": latency}
        sweep.end(index, best_value=None, best_step=None, values=values)

    for index in (1, 2, 3):
        end(index)
    page.goto(f"{dashboard.url}/sweeps/s?panel=front")
    expect(page.locator("#sweep-progress")).to_contain_text("2 of 3 results")
    page.locator(CANVAS).scroll_into_view_if_needed()
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "3")
    assert page.evaluate(DRAWN) == [3, 3, 2]  # results, the border, the hypervolume
    end(4)
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "4")
    expect(page.locator("#sweep-progress")).to_contain_text("3 of 4 results")
    expect(page.locator("#insight")).to_contain_text("3 of 4 results are on the front")
    wait_until(lambda: page.evaluate(DRAWN)[0] == 4, "the fourth result")

    page.locator(CANVAS).scroll_into_view_if_needed()
    x, y = page.evaluate(POINT, 0)  # the one that is dominated is drawn first
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    expect(page.locator(".insight-tooltip")).to_contain_text("run 3")
    x, y = page.evaluate(POINT, 3)
    page.mouse.move(x, y)
    expect(page.locator(".insight-tooltip")).to_contain_text("on the front")
    page.mouse.click(x, y)
    page.wait_for_url("**/runs/s/*_0004")
    expect(page.locator("#run-head")).to_contain_text("On the Pareto front, with 2 others")
    sweep.close()


RINGS = """() => echarts.getInstanceByDom(document.querySelector(".insight-drawing"))
  .getOption().series[0].data.filter((one) => one.itemStyle.borderType === "dashed").length"""
UPPER = """() => echarts.getInstanceByDom(document.querySelector(".insight-drawing"))
  .getOption().series[0].data.length"""


def test_running_run_is_drawn_as_provisional_and_history_by_an_objective(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    sweep = SweepFiles(logdir / "s", **AIMS)
    sweep.start(1)
    sweep.end(1, best_value=None, best_step=None, values={"accuracy": 0.5, "latency_ms": 2.0})
    name = sweep.start(2)
    page.goto(f"{dashboard.url}/sweeps/s?panel=front")
    page.locator(CANVAS).scroll_into_view_if_needed()
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "2")
    training = Training(logdir / "s" / f"{name}.dat")
    training.log("accuracy", 0, 1, "0.9")
    training.log("latency_ms", 0, 1, "9.0")
    wait_until(lambda: page.evaluate(RINGS) == 1, "a ring")

    page.get_by_role("link", name="History").click()
    expect(page.locator(CANVAS)).to_have_attribute("data-runs", "2")
    expect(page.locator("#insight")).to_contain_text("Best accuracy so far")
    page.get_by_label("By the objective").select_option("latency_ms")
    expect(page.locator("#insight")).to_contain_text("Best latency_ms so far")
    expect(page.locator("#insight-figure")).to_have_attribute("data-objective", "latency_ms")
    wait_until(lambda: page.evaluate(UPPER) == 2, "both runs")
    training.finish()
    sweep.close()
