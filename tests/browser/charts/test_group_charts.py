"""Groups of a sweep's runs on the charts: means, where runs have ended, filters."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]


def chart(page: Page, metric: str) -> Locator:
    return page.locator(f'[data-metric="{metric}"]')


def expect_runs(page: Page, metric: str, n_runs: int) -> None:
    expect(chart(page, metric)).to_have_attribute("data-runs", str(n_runs))


def point_at(page: Page, metric: str, x: float = 0.5, y: float = 0.5) -> None:
    box = chart(page, metric).locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def expect_at(page: Page, metric: str, x: float, text: str | re.Pattern[str]) -> None:
    """Point until the label has a text: charts may move, or draw new figures, meanwhile."""
    where = page.locator(".tooltip-where:visible")
    for _ in range(60):
        point_at(page, metric, x)
        with suppress(AssertionError):
            expect(where).to_contain_text(text, timeout=500)
            return
        page.mouse.move(1, 1)
    expect(where).to_contain_text(text)


def test_groups_of_a_sweep_are_drawn_as_means_of_all_their_runs(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    sweep = SweepFiles(logdir / "s")
    for index in range(1, 31):
        name = sweep.start(index, batch_size=32 if index <= 20 else 64)
        if index in (1, 2, 30):
            train("s", name).log("Accuracy", 0, 100, f"{index}")
    page.goto(f"{dashboard.url}/sweeps/s")
    expect_runs(page, "Accuracy", 1)  # of the page of the table
    chosen, progress = page.locator("#metric"), page.locator("#sweep-progress")
    tops = [one.evaluate("one => one.getBoundingClientRect().top") for one in (chosen, progress)]
    chosen.select_option("*")
    expect(chart(page, "Accuracy").locator(".chart-title")).to_be_visible()
    assert tops == [
        one.evaluate("one => one.getBoundingClientRect().top") for one in (chosen, progress)
    ]
    chosen.select_option("Accuracy")
    page.get_by_role("link", name="show all").click()
    expect_runs(page, "Accuracy", 3)
    expect(page.locator("#showing")).to_contain_text("Showing 30 of 30 runs")

    page.get_by_role("combobox", name="Group", exact=True).select_option("batch_size")
    expect_runs(page, "Accuracy", 2)
    expect(page.locator("#legend")).to_contain_text("batch_size 32")
    point_at(page, "Accuracy", 0.5, 0.95)
    tooltip = chart(page, "Accuracy").locator(".tooltip")
    expect(tooltip).to_contain_text("1.5 ± 0.71")
    expect(tooltip).to_contain_text("2 of 20 runs")
    figure = chart(page, "Accuracy")
    figure.locator("summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Series as CSV").click()
    assert download.value.suggested_filename == "Accuracy-by-batch_size.csv"
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[:2] == [
        "group,x,n,mean,std,low,high",
        '"batch_size 32",0,2,1.5,0.7071067811865476,1,2',
    ]
    assert len(lines) == 201
    page.reload()
    expect_runs(page, "Accuracy", 2)
    train("s", sweep.start(31, batch_size=128)).log("Accuracy", 0, 10)
    expect_runs(page, "Accuracy", 3)  # it comes with the next refresh
    sweep.close()


def test_mean_says_where_runs_have_ended_and_groups_follow_the_filters(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    sweep = SweepFiles(logdir / "s")
    for index, n_steps in enumerate((40, 12, 8, 40, 6), start=1):
        name = sweep.start(index, batch_size=32 if index <= 3 else 64)
        train("s", name).log("Accuracy", 0, n_steps, f"{index} + step / 40")
    page.goto(f"{dashboard.url}/sweeps/s?group=p.batch_size")
    expect_runs(page, "Accuracy", 2)
    note, runs = page.locator(".when-grouped").first, page.get_by_role("combobox", name="Runs")
    expect(note).to_contain_text("all 5 runs of the sweep")
    expect_at(page, "Accuracy", 0.9, "1 of ")
    expect(page.locator(".tooltip-value:visible")).not_to_contain_text("±")
    page.get_by_role("button", name="Display").click()
    runs.select_option("carried")
    page.keyboard.press("Escape")
    expect_at(page, "Accuracy", 0.9, re.compile(r"(3 of 3|2 of 2) runs"))
    page.goto(f"{dashboard.url}/sweeps/s?group=p.batch_size&p.batch_size=32")
    expect_runs(page, "Accuracy", 1)
    expect(note).to_contain_text("the 3 of 5 runs that pass the filters of the table")
    sweep.close()
