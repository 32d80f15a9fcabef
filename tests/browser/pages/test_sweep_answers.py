"""The page of a sweep, used with the mouse and with the keyboard."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard import Dashboard
from pages import finished_run, write_sweep
from playwright.sync_api import Page, expect
from tabs import Tabs
from training import SweepFiles, Training

REASON = "stopped early at step 40: Accuracy 0.5 is not among the best 1/3 of 9 runs"
Train = Callable[..., Training]


@pytest.fixture
def sweep(logdir: Path, train: Train) -> None:
    """Three runs, of which the second is the best and the third was stopped."""
    *begin, end = finished_run(3, 0.2, state="early_stopped", reason=REASON)
    decision = {"event": "stopped_early", "index": 3, "rule": "asha", "step": 40, "reason": REASON}
    events = [*finished_run(1, 0.5), *finished_run(2, 0.9), *begin, decision, end]
    write_sweep(logdir / "s", events)
    for index in (1, 2, 3):
        training = train("s", f"run_{index:04d}")
        training.log("Accuracy", 0, 3, f"{index} * step / 10")
        training.finish()


def test_reason_is_shown_whole_on_demand(page: Page, dashboard: Dashboard, sweep: None) -> None:
    page.goto(f"{dashboard.url}/sweeps/s")
    button = page.locator("#run-3").get_by_role("button", name="asha @ 40")
    box = page.get_by_role("dialog", name="Why it ended")
    button.click()
    expect(box).to_have_text(REASON)
    expect(page.locator("#run-3 .pick input")).not_to_be_checked()
    button.click()
    expect(box).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(button).to_be_focused()


def test_best_run_is_starred_and_first(page: Page, dashboard: Dashboard, sweep: None) -> None:
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(page.locator("#table-rows tr").first).to_have_id("run-2")
    best = page.locator("#legend li").first
    expect(best).to_contain_text("run 2")
    expect(best.get_by_role("img", name="best")).to_be_visible()
    expect(page.locator("#legend .legend-best")).to_have_count(1)
    expect(page.locator("#insight-figure[data-figure=history], #insight")).not_to_have_count(0)
    expect(page.get_by_role("link", name="History")).to_have_attribute("aria-current", "true")


def test_rare_settings_are_in_a_menu(page: Page, dashboard: Dashboard, sweep: None) -> None:
    page.goto(f"{dashboard.url}/sweeps/s")
    button = page.get_by_role("button", name="Display")
    button.click()
    page.locator("#log-y").check()
    expect(page).to_have_url(f"{dashboard.url}/sweeps/s?log=y")
    page.keyboard.press("Escape")
    expect(page.locator("#log-y")).to_be_hidden()
    expect(button).to_have_class("menu-button is-changed")


@pytest.mark.parametrize("query", ["", "?metric=*"])
@pytest.mark.parametrize("width", [1200, 1440, 1920])
def test_controls_of_the_chart_are_one_line(
    tabs: Tabs, dashboard: Dashboard, sweep: None, width: int, query: str
) -> None:
    page = tabs.open(width=width)
    page.goto(f"{dashboard.url}/sweeps/s{query}")
    expect(page.locator('[data-metric="Accuracy"]')).to_have_attribute("data-points", "9")
    head = page.locator(".chart-panel .panel-head").bounding_box()
    assert head is not None
    assert head["height"] <= 56


def test_table_is_beside_its_chart_on_a_wide_screen(
    tabs: Tabs, dashboard: Dashboard, sweep: None
) -> None:
    page = tabs.open(width=1920, height=1080)
    page.goto(f"{dashboard.url}/sweeps/s")
    chart = page.locator(".chart-panel").bounding_box()
    table = page.locator("#runs").bounding_box()
    assert chart is not None
    assert table is not None
    assert chart["x"] + chart["width"] <= table["x"]
    assert chart["y"] + chart["height"] <= 1080


def test_result_is_on_the_first_screen_of_a_phone(
    tabs: Tabs, dashboard: Dashboard, sweep: None
) -> None:
    page = tabs.open(width=390, height=844)
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(page.locator("#best-value")).to_be_in_viewport()
    expect(page.locator(".best-hyperparameters")).to_be_in_viewport()


def test_run_leads_to_what_differs_from_the_best(
    page: Page, dashboard: Dashboard, sweep: None
) -> None:
    page.goto(f"{dashboard.url}/runs/s/run_0001")
    expect(page.locator(".standing")).to_contain_text("2nd of 3")
    page.get_by_role("link", name="what differs from it").click()
    expect(page.get_by_role("heading", name="What differs from the best")).to_be_in_viewport()


def test_place_of_a_running_run_follows_its_values(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    with contextlib.closing(SweepFiles(logdir / "s")) as files:
        names = [files.start(index) for index in (1, 2)]
        trainings = [train("s", name) for name in names]
        for training, value in zip(trainings, ("0.5", "0.4"), strict=True):
            training.log("Accuracy", 0, 1, value)
        page.goto(f"{dashboard.url}/runs/s/{names[1]}")
        expect(page.locator(".standing")).to_contain_text("2nd of 2")
        trainings[1].log("Accuracy", 1, 2, "0.75")
        expect(page.locator(".standing")).to_contain_text("1st of 2")


@pytest.mark.parametrize("width", [1200, 1440])
def test_controls_of_the_table_are_one_line(
    tabs: Tabs, dashboard: Dashboard, sweep: None, width: int
) -> None:
    page = tabs.open(width=width)
    page.goto(f"{dashboard.url}/sweeps/s")
    controls = page.locator("#table-filter")
    expect(controls).to_be_visible()
    box = controls.bounding_box()
    assert box is not None
    assert box["height"] <= 40
