"""The colours of curves: of very many runs, and by what the runs have."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dashboard import Dashboard
from modules import call
from playwright.sync_api import Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]


def runs(n: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": f"r{i}", "color": i % 12, **more} for i in range(n)]


def test_a_dozen_runs_keep_their_colours_and_more_are_neutral_but_the_best(modules: Page) -> None:
    few = call(modules, "charts/colors/coloring", "plainlyColored", runs(12), 12)
    assert [one["color"] for one in few] == list(range(12))
    given = [*runs(13), {"id": "best", "color": 4, "is_best": True}]
    many = call(modules, "charts/colors/coloring", "plainlyColored", given, 14)
    assert [one["color"] for one in many[-2:]] == ["neutral", 4]
    assert many[12]["own"] == 0
    again = call(modules, "charts/colors/coloring", "plainlyColored", given, 3)
    assert again[12]["color"] == 0


@pytest.mark.parametrize(
    ("values", "colors", "is_log"),
    [
        ([0.0, 5.0, 10.0, None], ["r0", "r16", "r32", "neutral"], False),
        ([1e-4, 1e-2, 1e-3], ["r0", "r32", "r16"], True),
        ([3.0, 3.0], ["r16", "r16"], False),
    ],
)
def test_numbers_are_places_on_a_scale(
    modules: Page, values: list[Any], colors: list[str], is_log: bool
) -> None:
    answer = {"by": "p.lr", "kind": "number", "values": values}
    found = call(modules, "charts/colors/coloring", "coloredBy", runs(len(values)), answer)
    assert [run["color"] for run in found["runs"]] == colors
    assert found["key"]["isLog"] is is_log


def test_texts_have_a_colour_each_and_what_is_not_set_is_neutral(modules: Page) -> None:
    answer = {"by": "p.o", "kind": "category", "values": ["sgd", "adam", None, "sgd"]}
    found = call(modules, "charts/colors/coloring", "coloredBy", runs(4), answer)
    assert [run["color"] for run in found["runs"]] == [1, 0, "neutral", 1]
    assert found["key"]["entries"][-1]["name"] == "not set"


@pytest.fixture
def sweep(logdir: Path, train: Train) -> SweepFiles:
    files = SweepFiles(logdir / "s")
    for index in (1, 2, 3):
        name = files.start(index, optimizer="adam" if index == 1 else "sgd")
        train("s", name).log("Accuracy", 0, 5, f"{index} / 10")
    files.end(1, best_value=0.1)
    files.end(2, "failed", exit_code=1, best_value=0.2)
    return files


def test_curves_and_rows_are_coloured_by_a_hyperparameter(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s")
    page.get_by_role("button", name="Display").click()
    page.get_by_label("Colour").select_option("learning_rate")
    expect(page).to_have_url(re.compile(r"color=p\.learning_rate"))
    expect(page.locator("#color-key")).to_contain_text("learning_rate0.0010.003")
    expect(page.locator("#run-1 .dot")).to_have_class(re.compile("run-color-r0"))
    expect(page.locator("#run-3 .dot")).to_have_class(re.compile("run-color-r32"))
    expect(page.locator("#legend .run-color-r16")).to_have_count(1)
    page.get_by_label("Colour").select_option("optimizer")
    expect(page.locator("#color-key")).to_contain_text("adamsgd")
    page.go_back()
    expect(page.locator("#color-key")).to_contain_text("learning_rate")
    page.get_by_label("Colour").select_option("Run")
    expect(page.locator("#color-key")).to_be_hidden()
    expect(page.locator("#run-3 .dot")).to_have_class(re.compile("run-color-2"))


def test_colours_by_state_follow_the_sweep(
    page: Page, dashboard: Dashboard, sweep: SweepFiles
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s?color=state")
    expect(page.locator("#run-2 .dot")).to_have_class(re.compile("run-color-failed"))
    expect(page.locator("#run-3 .dot")).to_have_class(re.compile("run-color-running"))
    sweep.end(3, best_value=0.3)
    expect(page.locator("#run-3 .dot")).to_have_class(re.compile("run-color-finished"))


def test_one_of_very_many_runs_has_its_colour_while_it_is_pointed_at(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    files = SweepFiles(logdir / "many")
    for index in range(1, 15):
        name = files.start(index)
        if index == 1:
            train("many", name).log("Accuracy", 0, 5)
    page.goto(f"{dashboard.url}/sweeps/many")
    expect(page.locator("#run-3 .dot")).to_have_class(re.compile("run-color-neutral"))
    page.locator("#run-3 th").hover()
    expect(page.locator("#run-3 .dot")).to_have_class(re.compile("run-color-2$"))
    page.locator("h1").hover()
    expect(page.locator("#run-3 .dot")).to_have_class(re.compile("run-color-neutral"))
