"""Tables in a browser: filters, ticks, scrolling, rows that stay in place."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, Route, expect
from tabs import Tabs
from training import SweepFiles, Training

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.store.journal import encode

Train = Callable[..., Training]


@pytest.fixture
def sweep(logdir: Path) -> Iterator[SweepFiles]:
    sweep = SweepFiles(logdir / "s")
    yield sweep
    sweep.close()


def drawn_runs(page: Page) -> list[str]:
    """The names of the runs in the charts."""
    data = json.loads(page.locator("#page-data").get_attribute("data-page") or "")
    return [run["name"] for run in data["runs"]]


def test_way_back_takes_the_first_tick_away(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    write_finished_runs(sweep, 3)
    sweep.close()
    page.goto(f"{dashboard.url}/sweeps/s")
    box = page.get_by_role("checkbox", name="Draw run 2", exact=True)
    box.check()
    expect(page.locator("#runs .panel-note")).to_contain_text("1 selected")
    page.go_back()
    expect(box).not_to_be_checked()
    expect(page.locator("#runs .panel-note")).to_have_count(0)
    assert page.url == f"{dashboard.url}/sweeps/s"


def test_filters_are_set_shown_as_chips_and_taken_back(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    for index in range(1, 13):
        sweep.start(index, optimizer="adam" if index % 3 else "sgd")
        sweep.end(index, "failed" if index == 4 else "finished", reason="exit code 1")
    page.goto(f"{dashboard.url}/sweeps/s?smoothing=0.5")
    rows = page.locator("#table-rows tr")
    expect(rows).to_have_count(12)
    filters = page.get_by_role("button", name="Filter")
    filters.evaluate("button => button.scrollIntoView({ block: 'end' })")
    filters.press("Enter")
    menu, button = page.locator("#filter-menu").bounding_box(), filters.bounding_box()
    assert menu is not None
    assert button is not None
    assert menu["y"] >= button["y"] + button["height"]  # the page moved: it opens downward
    page.get_by_role("checkbox", name="adam").check()
    expect(rows).to_have_count(8)
    page.get_by_label("learning_rate from").fill("0.004")
    page.set_viewport_size({"width": 1280, "height": 420})
    end, menu = (
        page.locator(".menu-end").bounding_box(),
        page.locator("#filter-menu").bounding_box(),
    )
    assert end is not None
    assert menu is not None
    assert end["y"] + end["height"] <= menu["y"] + menu["height"]  # however much there is to choose
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_label("learning_rate from").press("Enter")
    expect(rows).to_have_count(6)
    expect(page.locator("#filter-menu")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"smoothing=0\.5"))
    expect(page).to_have_url(re.compile(r"p\.learning_rate=0\.004\.\."))
    page.keyboard.press("Escape")
    expect(page.locator(".state-choice")).to_have_text(["Finished5", "Failed1"])
    page.locator(".state-choice", has_text="Failed").click()
    expect(rows).to_have_count(1)
    expect(page.locator(".state-choice")).to_have_text(["Finished5", "Failed1"])
    expect(page.locator("#runs .count")).to_have_text("1 of 12")
    page.get_by_role("link", name="Remove the filter learning_rate ≥ 0.004").click()
    expect(page.locator(".chip")).to_have_count(1)
    page.get_by_role("link", name="Clear all").click()
    expect(rows).to_have_count(12)
    page.go_back()
    expect(rows).to_have_count(1)


def test_mistakes_in_the_address_are_shown_on_the_page(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    sweep.start(1)
    page.goto(f"{dashboard.url}/sweeps/s?p.learning_rate=low..&state=gone")
    alert = page.locator(".table-problems")
    expect(alert).to_contain_text("learning_rate is a number. A range is written as 0.001..0.1")
    expect(alert).to_contain_text("state=gone: no such state")


def test_ticked_rows_are_drawn_and_clicks_on_rows_tick_them(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    for index in (1, 2, 3):
        train("s", sweep.start(index)).log("Accuracy", 0, 2 * index)
        sweep.end(index)
    page.goto(f"{dashboard.url}/sweeps/s")
    chart = page.locator('[data-metric="Accuracy"]')
    expect(chart).to_have_attribute("data-points", "12")
    page.get_by_role("checkbox", name="Draw run 1").check()
    expect(chart).to_have_attribute("data-points", "2")
    page.locator("#run-3 td").nth(2).click()
    expect(chart).to_have_attribute("data-points", "8")
    expect(page.get_by_role("checkbox", name="Draw run 3")).to_be_checked()
    page.set_viewport_size({"width": 1440, "height": 400})
    page.locator("#run-2 td").nth(2).click()
    expect(chart).to_have_attribute("data-points", "12")
    expect(page.locator(".selection-note")).to_contain_text("3 selected")
    page.get_by_role("button", name="Show charts").click()
    expect(page.locator("#metric")).to_be_in_viewport()
    expect(page.locator(".selection-note")).to_be_hidden()
    page.go_back()
    page.reload()
    expect(chart).to_have_attribute("data-points", "8")
    page.go_back()
    expect(chart).to_have_attribute("data-points", "2")
    page.get_by_role("link", name="clear").click()
    expect(chart).to_have_attribute("data-points", "12")


HTMX_IS_HERE = """async () => {
  while (!globalThis.htmx) await new Promise(requestAnimationFrame);
}"""
TICKS_AND_SORT = """() => {
  for (const index of [1, 2]) document.querySelector(`#run-${index} .pick input`).click();
  document.querySelector("thead .col-state a").click();
}"""
SORT_AND_TICK = """() => {
  document.querySelector("thead .col-duration a").click();
  document.querySelector("#run-4 .pick input").click();
}"""
MOVE = "() => document.querySelector('#table-rows').prepend(document.querySelector('#run-3'))"


def test_no_tick_is_lost_while_the_table_changes(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    for index in (1, 2, 3, 4):
        sweep.start(index)
        sweep.end(index)
    page.goto(f"{dashboard.url}/sweeps/s")
    page.evaluate(HTMX_IS_HERE)
    note = page.locator("#runs .panel-note")
    page.evaluate(TICKS_AND_SORT)  # before the server has answered any of it
    expect(page.locator("th.col-state")).to_have_attribute("aria-sort", re.compile("ending"))
    expect(note).to_contain_text("2 selected")
    box = page.get_by_role("checkbox", name="Draw run 3")
    box.hover()
    page.mouse.down()
    page.evaluate(MOVE)
    page.mouse.up()
    expect(note).to_contain_text("3 selected")
    expect(box).to_be_checked()
    page.go_back()
    expect(note).to_contain_text("2 selected")
    page.evaluate(SORT_AND_TICK)
    expect(page.locator("th.col-duration")).to_have_attribute("aria-sort", re.compile("ending"))
    expect(note).to_contain_text("3 selected")
    expect(page).to_have_url(re.compile("sort=duration"))


def test_columns_of_any_metric_are_chosen_and_sorted_by(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    for index in (1, 2, 3):
        train("s", sweep.start(index)).log("Loss", 0, 4, f"abs(step - 2) + {index} / 10")
        sweep.end(index)
    page.goto(f"{dashboard.url}/sweeps/s")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Lowest Loss").check()
    heading = page.get_by_role("columnheader", name="Lowest Loss")
    expect(heading).to_be_visible()
    page.keyboard.press("Escape")
    heading.get_by_role("link").click()
    expect(page.locator("#table-rows tr td:last-child")).to_have_text(["0.1", "0.2", "0.3"])
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("link", name="Show the default columns").click()
    expect(heading).to_be_hidden()
    expect(page).not_to_have_url(re.compile("columns="))


def write_finished_runs(sweep: SweepFiles, n_runs: int) -> None:
    lines = []
    for index in range(1, n_runs + 1):
        name, at = f"r{index:05d}", time.time()
        hyperparameters = {"learning_rate": index / n_runs, "batch_size": 32}
        ended = {"state": "finished", "exit_code": 0, "best_value": index / n_runs, "best_step": 1}
        lines += [
            {"event": "sampled", "time": at, "index": index, "hyperparameters": hyperparameters},
            {"event": "started", "time": at, "index": index, "name": name},
            {"event": "ended", "time": at, "index": index, **ended},
        ]
    with sweep.journal.path.open("ab") as file:
        file.write(b"".join(map(encode, lines)))


COLUMN_WIDTHS = "[...document.querySelectorAll('.runs thead th')].map((head) => head.offsetWidth)"
SCROLLED_PAGE = """async (table) => {
  table.scrollTop = 36 * 1000;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  return document.querySelector(".pager > span:not([aria-hidden])").textContent;
}"""


def test_columns_of_a_few_runs_stay_when_reasons_come_and_go(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    sweep.start(1)
    sweep.start(2)
    sweep.end(1, "failed", reason="exit code 1: RuntimeError: CUDA out of memory")
    page.goto(f"{dashboard.url}/sweeps/s")
    row = page.locator("#run-1")
    expect(row.get_by_role("button", name="Failed")).to_be_visible()
    widths = page.evaluate(COLUMN_WIDTHS)
    again = {"action": "requeue", "index": 1, "attempt": 2, "message": ""}
    sweep.journal.append("requested", id="1", outcome="done", **again)
    expect(row).not_to_contain_text("Failed")
    expect(page.locator("#table-rows > tr").first).to_have_id("run-2")
    assert page.evaluate(COLUMN_WIDTHS) == widths


def test_thousands_of_rows_scroll_and_few_are_in_the_page(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    write_finished_runs(sweep, 2000)
    page.goto(f"{dashboard.url}/sweeps/s")
    table = page.locator(".table-scroll")
    table.scroll_into_view_if_needed()
    expect(page.locator("#run-2000")).to_be_in_viewport()
    expect(page.locator("#table-columns col")).to_have_count(9)
    widths = page.evaluate(COLUMN_WIDTHS)
    assert table.evaluate(SCROLLED_PAGE) == "Page 41 of 80"
    previous = page.get_by_role("link", name="Previous page").first
    expect(previous).to_have_attribute("href", re.compile(r"page=40$"))
    row = page.locator("#run-995")
    expect(row).to_be_in_viewport()
    expect(row).to_have_attribute("aria-rowindex", "1007")
    expect(page).to_have_url(re.compile("page=41"))
    expect(page.locator("#page-data")).to_have_attribute("data-page", re.compile('"run 990"'))
    assert page.evaluate(COLUMN_WIDTHS) == widths
    table.focus()
    page.keyboard.press("End")
    expect(page.locator("#run-1")).to_be_in_viewport()
    expect(page.locator(".pager")).to_contain_text("Page 80 of 80")
    assert page.locator("#table-rows tr").count() <= 100
    expect(page.locator("#page-data")).to_have_attribute("data-page", re.compile('"run 5"'))
    page.get_by_role("checkbox", name="Draw run 5", exact=True).check()
    table.evaluate("table => (table.scrollTop -= 36 * 200)")
    page.get_by_role("checkbox", name="Draw run 204", exact=True).click(modifiers=["Shift"])
    expect(page.locator("#runs .panel-note")).to_contain_text("200 selected")
    page.get_by_role("link", name="clear").click()
    page.goto(f"{dashboard.url}/sweeps/s?page=80")
    page.get_by_role("link", name="Previous page").click()
    expect(page.locator(".pager")).to_contain_text("Page 79 of 80")
    page.reload()
    table.scroll_into_view_if_needed()
    expect(page.locator("#run-50")).to_be_in_viewport()


def test_row_under_the_pointer_stays_while_others_come(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    for index in range(1, 16):
        sweep.start(index)
        sweep.end(index)
    page.goto(f"{dashboard.url}/sweeps/s")
    row = page.locator("#run-10")
    row.hover()
    before = row.bounding_box()
    for index in (16, 17):
        sweep.start(index)
    expect(page.locator("#run-17")).to_be_attached()
    after = row.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


def test_experiments_are_compared_in_a_table(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    for index in range(1, 13):
        train(f"e{index:02d}").log("Loss", 0, index, f"{index} / (step + 1)")
    page.goto(dashboard.url)
    page.get_by_role("link", name="Table", exact=True).click()
    rows = page.locator("#table-rows tr")
    expect(rows).to_have_count(12)
    page.get_by_role("columnheader", name="Last Loss").get_by_role("link").click()
    expect(page).to_have_url(re.compile("sort=last.Loss"))
    page.get_by_role("columnheader", name="Duration").get_by_role("link").click()
    page.locator("#run-picker").get_by_role("link", name="Show only e02").click()
    chart = page.locator('[data-metric="Loss"]')
    expect(chart).to_have_attribute("data-points", "2")
    expect(rows.filter(has=page.locator("input:checked"))).to_have_count(1)
    page.locator("#runs").get_by_role("checkbox", name="Draw e07").check()
    expect(chart).to_have_attribute("data-points", "9")
    expect(page.locator("#run-picker").get_by_role("checkbox", name="Draw e07")).to_be_checked()
    page.get_by_role("searchbox", name="Search the table").fill("e1")
    expect(rows).to_have_count(3)
    expect(page.locator("#run-list > li")).to_have_count(3)
    expect(page.get_by_role("searchbox", name="Search names")).to_have_value("e1")
    expect(chart).to_have_attribute("data-points", "9")


def test_what_is_chosen_before_htmx_arrives_takes_effect_once_it_does(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    for index in range(1, 4):
        sweep.start(index)
    sweep.end(1)
    held: list[Route] = []
    page.route("**/htmx*", lambda route: held.append(route))
    with page.expect_request("**/htmx*"):
        page.goto(f"{dashboard.url}/sweeps/s")
    page.locator(".state-choices").get_by_text("Finished").click()
    expect(page.locator("#table-rows tr")).to_have_count(3)
    for route in held:
        route.continue_()
    expect(page.locator("#table-rows tr")).to_have_count(1)


def test_tables_work_without_the_cdn_as_plain_links(
    tabs: Tabs, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    tabs.expected = "ERR_FAILED"
    for index in range(1, 31):
        sweep.start(index)
        sweep.end(index)
    page = tabs.open(has_cdn=False)
    page.goto(f"{dashboard.url}/sweeps/s")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#run-1")).to_be_visible()
    page.get_by_label("Search the table").fill("learning_rate=0.007")
    page.get_by_label("Search the table").press("Enter")
    expect(page.locator("#table-rows tr")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("live tables need htmx")
    page.get_by_role("checkbox", name="Draw run 7").check()
    expect(page).to_have_url(re.compile("run=s"))
    expect(page.locator("#runs")).to_contain_text("1 selected")


def test_heading_says_which_values_are_good_and_a_click_flips_it(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    for name, values in (("a", (1.0, 9.0, 5.0)), ("b", (2.0, 8.0, 3.0))):
        with ExperimentLogger(logdir / name) as writer:
            for step, value in enumerate(values):
                writer.add_scalar("reward", value, step)
                writer.add_scalar("val_loss", value, step)
    page.goto(f"{dashboard.url}/experiments?table=1")
    loss = page.locator('th[data-column="best.val_loss"]')
    reward = page.locator('th[data-column="last.reward"]')
    expect(loss.locator(".direction")).to_contain_text("↓")
    expect(reward.locator(".direction")).to_contain_text("↕")
    reward.get_by_role("button").click()
    best = page.locator('th[data-column="best.reward"]')
    expect(best.locator(".direction")).to_contain_text("↑")
    best.get_by_role("link").click()
    cells = page.locator("#table-rows .num[data-metric-name=reward][data-follows=max]")
    expect(cells).to_have_text(["9", "8"])
    best.get_by_role("button").click()
    expect(best.locator(".direction")).to_contain_text("↓")
    saved = json.loads((logdir / "annotations.json").read_text())
    assert saved["metrics"] == {"reward": {"goal": "min"}}


def test_phone_shows_the_value_of_a_run_beside_its_state(
    tabs: Tabs, dashboard: Dashboard, logdir: Path
) -> None:
    sweep = SweepFiles(logdir / "s", optimization_metric="accuracy/validation/of/all")
    sweep.start(1)
    decision = {"rule": "asha", "metric": "Accuracy", "step": 5, "reason": "at step 5: not good"}
    sweep.journal.append("stopped_early", index=1, **decision)
    sweep.end(1, "early_stopped", reason="at step 5: not good", best_step=9, best_value=0.12345)
    sweep.close()
    page = tabs.open(width=390)
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(page.locator("#table-rows")).to_contain_text("asha @ 5, best after")
    box = page.locator("#table-rows .best-cell").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
