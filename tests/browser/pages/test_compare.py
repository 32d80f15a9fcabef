"""The page Compare in a browser: opened from a selection, and updated live."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]


@pytest.fixture
def names(logdir: Path, train: Train) -> list[str]:
    """Two runs of a sweep that logged, the second still at work, and an experiment."""
    sweep = SweepFiles(logdir / "s")
    names = [sweep.start(index) for index in (1, 2)]
    for name, value in zip(names, ("0.25", "0.5"), strict=True):
        train("s", name).log("Accuracy", 0, 5, value)
        (logdir / "s" / f"{name}.log").write_text(f"output of {name}\n")
    sweep.end(1, best_value=0.25)
    sweep.close()
    train("hand").log("Accuracy", 0, 3, "0.75")
    return names


def test_ticked_runs_of_a_sweep_are_compared_and_an_experiment_is_added(
    page: Page, dashboard: Dashboard, names: list[str]
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s")
    for index in (1, 2):
        page.get_by_role("checkbox", name=f"Draw run {index}").check()
    page.locator("#compare-selected").click()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    expect(page.locator('[data-metric="Accuracy"]')).to_have_attribute("data-points", "10")
    page.get_by_label("Add a run").fill("hand")
    page.get_by_role("link", name="Add hand of experiment").click()
    expect(page.get_by_role("heading", name="Compare 3 runs")).to_be_visible()
    expect(page.locator('[data-metric="Accuracy"]')).to_have_attribute("data-points", "13")
    page.get_by_role("link", name="Make baseline: hand").click()
    best = page.locator('[data-metric-row="Accuracy"][data-kind="best"]')
    expect(best.locator("td").first).to_contain_text("−0.5")
    page.get_by_role("link", name="Remove hand").click()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()


def test_values_and_states_follow_running_runs(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    train("a").log("Accuracy", 0, 3, "0.5")
    training = train("b")
    training.log("Accuracy", 0, 3, "0.25")
    page.goto(f"{dashboard.url}/compare?run=a&run=b")
    best = page.locator('[data-metric-row="Accuracy"][data-kind="best"] td').last
    expect(best).to_contain_text("0.25")
    training.log("Accuracy", 3, 5, "0.875")
    expect(best).to_contain_text("0.875")
    expect(page.locator('[data-metric="Accuracy"]')).to_have_attribute("data-points", "8")
    training.finish()
    expect(page.locator('thead th[data-run="b"]')).to_have_attribute("data-state", "finished")


def test_outputs_are_side_by_side_and_grow(
    page: Page, dashboard: Dashboard, logdir: Path, names: list[str]
) -> None:
    ids = [f"s/{name}" for name in names]
    page.goto(f"{dashboard.url}/compare?run={ids[0]}&run={ids[1]}&run=hand")
    page.get_by_role("link", name=re.compile("side by side")).click()
    for name in names:
        output = page.get_by_role("log", name=re.compile("Last lines"))
        expect(output.filter(has_text=f"output of {name}")).to_be_visible()
    expect(page.get_by_role("region", name="Output of hand")).to_contain_text("was not kept")
    with (logdir / "s" / f"{names[1]}.log").open("a") as file:
        file.write("a later line\n")
    expect(page.locator(f'[data-output-of="{ids[1]}"]')).to_contain_text("a later line")
    expect(page.locator(f'[data-output-of="{ids[0]}"]')).not_to_contain_text("a later line")


def test_equal_rows_open_and_the_charts_keep_what_was_chosen(
    page: Page, dashboard: Dashboard, names: list[str]
) -> None:
    page.goto(f"{dashboard.url}/compare?run=s/{names[0]}&run=s/{names[1]}&smoothing=0.5")
    expect(page.locator("#compare")).to_contain_text("The same for all: batch_size")
    page.get_by_role("link", name="show equal rows").first.click()
    expect(page.get_by_role("rowheader", name="batch_size")).to_be_visible()
    expect(page).to_have_url(re.compile("smoothing=0.5"))
    expect(page.locator("#smoothing-value")).to_have_text("0.5")


def test_drawn_experiments_are_compared_from_their_page(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    for name in ("a", "b"):
        train(name).log("Loss", 0, 3)
    page.goto(dashboard.url)
    page.locator("#compare-drawn").click()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    page.go_back()
    expect(page.locator("#showing")).to_contain_text("Showing 2 of 2")
