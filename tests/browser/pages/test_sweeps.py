"""The Sweeps page in a browser: live progress, the table, its chart."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import APIResponse, Page, Route, expect
from sweeps import choice, start_command, write_config
from training import SweepFiles, Training

Train = Callable[..., Training]
POINTS = """() => [...document.querySelectorAll("#table-rows .best-cell")].map((cell) => {
  const range = document.createRange(), at = cell.firstChild.data.indexOf(".");
  range.setStart(cell.firstChild, at);
  range.setEnd(cell.firstChild, at + 1);
  return range.getBoundingClientRect().left;
})"""


@pytest.fixture
def sweep(logdir: Path) -> Iterator[SweepFiles]:
    sweep = SweepFiles(logdir / "s")
    yield sweep
    sweep.close()


def test_running_sweep_is_watched_live(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    name = sweep.start(1)
    training = train("s", name)
    training.log("Accuracy", 0, 3, "step / 10")
    page.goto(f"{dashboard.url}/sweeps")
    first = page.locator("#run-1")
    expect(first).to_contain_text("Running")
    expect(first.locator("[data-field=best_value]")).to_have_text("0.2")
    chart = page.locator('[data-metric="Accuracy"]')
    expect(chart).to_have_attribute("data-points", "3")

    training.log("Accuracy", 3, 6, "step / 10")
    expect(chart).to_have_attribute("data-points", "6")
    expect(first.locator("[data-field=best_value]")).to_have_text("0.5")
    expect(first.locator(".sparkline")).to_have_attribute("aria-label", "from 0 to 0.5")
    expect(page.locator("#best-value")).to_have_text("0.5")

    training.finish()
    reason = "at step 5: no better than 0.5 for 5 values"
    sweep.end(1, "early_stopped", best_value=0.5, best_step=5, reason=reason)
    expect(first).to_contain_text("Stopped early")
    expect(first.locator(".why")).to_have_attribute("data-why", reason)
    expect(page.locator("#n-ended")).to_have_text("1")

    second = sweep.start(2)
    training = train("s", second)
    training.log("Accuracy", 0, 3, "step / 10")
    expect(page.locator("#run-2")).to_contain_text("Running")
    training.log("Accuracy", 3, 4, "step / 8")
    expect(page.locator("#run-2 [data-field=best_value]")).to_have_text("0.375")
    left, right = page.evaluate(POINTS)  # 0.5, as the best in bold, and 0.375
    assert abs(left - right) < 2
    expect(chart).to_have_attribute("data-points", "10")
    expect(chart).to_have_attribute("data-runs", "2")
    sweep.end(2)
    sweep.journal.append("sweep_ended", state="finished")
    expect(page.locator("#sweep-progress .panel-head")).to_contain_text("Finished")


def test_value_that_arrives_while_older_content_is_fetched_stays(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    training = train("s", sweep.start(1))
    training.log("Accuracy", 0, 3, "step / 10")
    page.goto(f"{dashboard.url}/sweeps")
    best = page.locator("#run-1 [data-field=best_value]")
    expect(best).to_have_text("0.2")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        response = route.fetch()
        if held or 'id="run-2"' not in response.text():
            route.fulfill(response=response)
        else:
            held.append((route, response))

    page.route(re.compile(r"/sweeps"), hold)
    sweep.start(2)
    while not held:
        page.wait_for_timeout(10)
    training.log("Accuracy", 3, 4, "step / 8")
    expect(best).to_have_text("0.375")
    page.evaluate("""() => document.addEventListener("htmx:after:swap", () => {
      requestAnimationFrame(() => (document.body.dataset.isSwapped = "true"));
    }, { once: true })""")
    [(route, response)] = held
    assert "0.375" not in response.text()
    route.fulfill(response=response)
    page.locator("body[data-is-swapped]").wait_for(state="attached")
    assert page.locator("#run-2").count() == 1
    assert best.inner_text() == "0.375"
    page.unroute_all(behavior="ignoreErrors")


def test_missing_metric_is_reported_with_the_logged_names(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    name = sweep.start(1)
    train("s", name).log("acc", 0, 3)
    page.goto(f"{dashboard.url}/sweeps")
    expect(page.locator("#sweep-progress")).to_contain_text("No run has logged it yet")
    expect(page.locator(".chart-empty")).to_have_text("No values yet")
    sweep.end(1, best_value=None, best_step=None)
    sweep.journal.append("sweep_ended", state="finished")
    expect(page.locator("#sweep-progress")).to_contain_text("No run logged it")
    expect(page.locator(".chart-empty")).to_contain_text("They logged acc")
    expect(page.locator(".chart-plot")).to_be_hidden()


def test_a_new_sweep_appears(page: Page, dashboard: Dashboard, logdir: Path) -> None:
    page.goto(f"{dashboard.url}/sweeps")
    expect(page.get_by_role("heading", name=re.compile("does not exist"))).to_be_visible()
    sweep = SweepFiles(logdir / "new-sweep")
    sweep.start(1)
    expect(page.get_by_role("heading", name="new-sweep")).to_be_visible()
    expect(page.locator("#run-1")).to_contain_text("Running")
    sweep.close()


def test_paging_and_sorting_change_table_chart_and_address(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    for index in range(1, 31):
        name = sweep.start(index)
        if index in (1, 30):
            train("s", name).log("Accuracy", 0, index)
        sweep.end(index)
    page.goto(f"{dashboard.url}/sweeps/s")
    chart = page.locator('[data-metric="Accuracy"]')
    expect(page.locator(".pager")).to_contain_text("Page 1 of 2")
    page.locator(".table-scroll").scroll_into_view_if_needed()
    expect(page.locator("#run-30")).to_be_in_viewport()
    expect(chart).to_have_attribute("data-points", "30")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator(".pager")).to_contain_text("Page 2 of 2")
    expect(page.locator("#run-1")).to_be_in_viewport()
    expect(chart).to_have_attribute("data-points", "1")
    expect(page).to_have_url(re.compile(r"page=2"))
    page.get_by_role("link", name="learning_rate").click()
    expect(page.locator("#table-rows tr").first).to_have_id("run-1")
    expect(page.get_by_role("columnheader", name="learning_rate")).to_have_attribute(
        "aria-sort", "ascending"
    )
    page.go_back()
    page.go_back()
    expect(page.locator("#table-rows tr").first).to_have_id("run-30")


def test_another_metric_is_chosen_and_stays_in_the_address(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    training = train("s", sweep.start(1))
    training.log("Accuracy", 0, 3)
    training.log("Loss", 0, 7)
    page.goto(f"{dashboard.url}/sweeps/s")
    page.get_by_label("Metric of the chart").select_option("Loss")
    loss = page.locator('[data-metric="Loss"]')
    expect(loss).to_have_attribute("data-points", "7")
    expect(page).to_have_url(re.compile("metric=Loss"))
    training.log("Loss", 7, 9)
    expect(loss).to_have_attribute("data-points", "9")
    page.reload()
    expect(loss).to_have_attribute("data-points", "9")
    expect(page.get_by_label("Metric of the chart")).to_have_value("Loss")


def test_run_page_shows_its_output_live(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    name = sweep.start(1)
    training = train("s", name)
    training.log("Accuracy", 0, 3)
    log = training.dat_path.with_suffix(".log")
    log.write_text("".join(f"\rstep {n}/50" for n in range(50)) + "\n\x1b[31mwarning\x1b[0m\n")
    page.goto(f"{dashboard.url}/sweeps/s")
    page.locator("#run-1 th a").click()
    expect(page.get_by_role("heading", name="Run 1")).to_be_visible()
    output = page.get_by_role("log", name="Output of the run")
    expect(output.locator(".output-line").nth(0)).to_have_text("step 49/50")
    expect(output.locator(".ansi-fg-red")).to_have_text("warning")
    with log.open("a") as file:
        file.write("epoch 1\repoch 2")
        file.flush()
        expect(output.locator(".output-line").nth(2)).to_have_text("epoch 2")
        file.write("\nend\n")
    expect(output).to_contain_text("end")
    training.log("Accuracy", 3, 8)
    expect(page.locator('[data-metric="Accuracy"]')).to_have_attribute("data-points", "8")
    sweep.end(1, "failed", exit_code=1, reason="exit code 1: RuntimeError: boom")
    expect(page.locator("#run-head")).to_contain_text("RuntimeError: boom")
    page.get_by_role("link", name="s", exact=True).click()
    expect(page.locator("#run-1")).to_contain_text("Failed")


def test_output_of_any_length_keeps_the_page_small(
    page: Page, dashboard: Dashboard, sweep: SweepFiles, train: Train
) -> None:
    name = sweep.start(1)
    log = train("s", name).dat_path.with_suffix(".log")
    log.write_text("begin\n")
    page.goto(f"{dashboard.url}/runs/s/{name}")
    output = page.get_by_role("log", name="Output of the run")
    expect(output).to_contain_text("begin")
    with log.open("a") as file:
        for start in range(0, 20_000, 1000):
            file.write("".join(f"line {start + n}\n" for n in range(1000)))
            file.flush()
    expect(output).to_contain_text("line 19999")
    assert output.locator(".output-line").count() <= 2001


def test_real_sweep_is_seen_from_its_first_point_to_its_end(
    page: Page, dashboard: Dashboard, logdir: Path, tmp_path: Path
) -> None:
    page.goto(f"{dashboard.url}/sweeps")
    expect(page.get_by_role("heading", name=re.compile("does not exist"))).to_be_visible()
    end = tmp_path / "end"
    choices = {"until": choice(str(end)), "depth": choice(2, 4)}
    write_config(tmp_path / "work", "waits_for_file.py", hyperparameters=choices, max_runs=2)
    command = start_command("sweep", "--logdir", logdir, "--workers", "2", folder=tmp_path / "work")
    with command:
        chart = page.locator('[data-metric="Accuracy"]')
        expect(chart).to_have_attribute("data-points", "2")
        expect(page.locator("#sweep-progress")).to_contain_text("2 running")
        expect(page.locator("#run-2")).to_contain_text("Running")
        end.touch()
        expect(page.locator("#sweep-progress .panel-head")).to_contain_text("Finished")
        expect(page.locator("#run-1")).to_contain_text("Finished")
        assert command.wait(timeout=30) == 0
