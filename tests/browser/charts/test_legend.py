"""The legend of a page with many runs, and what is requested when more of them are chosen."""

from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect

from ml_tracking_ops.logger import ExperimentLogger

N_RUNS = 60
# For each line, how many items of the legend are in it. The last item is the link to the others.
LINES = """legend => {
  const tops = [...legend.children].map((item) => Math.round(item.getBoundingClientRect().top));
  return [...new Set(tops)].map((top) => tops.filter((one) => one === top).length);
}"""


@pytest.fixture
def many_runs(logdir: Path) -> None:
    for number in range(N_RUNS):
        with ExperimentLogger(logdir / f"run-{number:02}") as logger:
            for step in range(3):
                logger.add_scalar("loss", number / (step + 1), step)


@pytest.mark.usefixtures("many_runs")
@pytest.mark.parametrize("width", [390, 820, 1440])
def test_legend_fills_three_lines_and_says_how_many_more_there_are(
    page: Page, dashboard: Dashboard, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{dashboard.url}/experiments?newest={N_RUNS}")
    expect(page.locator('[data-metric="loss"]')).to_have_attribute("data-runs", str(N_RUNS))
    legend = page.locator("#legend")
    first, *others = legend.evaluate(LINES)
    assert others == [first, first]
    assert legend.locator(".legend-tail").inner_text() == f"and {N_RUNS - 3 * first + 1} more"
    page.set_viewport_size({"width": width + 300, "height": 900})
    page.wait_for_function("n => legend.children.length > n", arg=3 * first)
    first, *others = legend.evaluate(LINES)
    assert others == [first, first]


@pytest.mark.usefixtures("many_runs")
def test_points_are_requested_once_and_before_the_page_that_shows_them(
    page: Page, dashboard: Dashboard
) -> None:
    page.add_init_script("""
      window.requested = [];
      const plain = window.fetch;
      window.fetch = (address, ...more) => {
        if (String(address).includes("/api/points")) {
          const { page } = document.querySelector("#page-data").dataset;
          requested.push(JSON.parse(page).runs.length);
        }
        return plain(address, ...more);
      };
    """)
    page.goto(f"{dashboard.url}/experiments")
    expect(page.locator('[data-metric="loss"]')).to_have_attribute("data-runs", "10")
    page.evaluate(
        """n => {
      const link = Object.assign(document.createElement("a"), { href: `/experiments?newest=${n}` });
      document.querySelector("#content").append(link);
      htmx.process(link);
      link.click();
    }""",
        N_RUNS,
    )
    expect(page.locator('[data-metric="loss"]')).to_have_attribute("data-runs", str(N_RUNS))
    assert page.evaluate("requested") == [10, 10]
