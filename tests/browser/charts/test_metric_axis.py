"""Charts over another metric than the step."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard import Dashboard
from modules import call
from playwright.sync_api import Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]


def test_charts_over_a_metric_follow_it_and_say_where_it_is_missing(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    training.log("epoch", 0, 10, "step / 10")
    training.log("Loss", 0, 10)
    train("b").log("Loss", 0, 10)
    page.goto(f"{dashboard.url}/experiments?run=a")
    page.locator("#chart-x").select_option("epoch")
    expect(page).to_have_url(re.compile(r"x=m\.epoch"))
    loss = page.locator('[data-metric="Loss"]')
    expect(loss).to_have_attribute("aria-label", re.compile("Loss over epoch"))
    training.log("Loss", 10, 20)
    training.log("epoch", 10, 20, "step / 10")
    expect(loss).to_have_attribute("data-points", "20")
    loss.locator(".u-over").hover()
    expect(loss.locator(".tooltip")).to_contain_text(re.compile(r"epoch \d"))
    page.goto(f"{dashboard.url}/experiments?run=b&x=m.epoch")
    expect(loss).to_contain_text("None of these runs logged epoch at the steps of Loss")


def test_groups_can_be_drawn_over_a_metric(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    files = SweepFiles(logdir / "s")
    for index in (1, 2):
        training = train("s", files.start(index))
        training.log("epoch", 0, 10, "step / 2")
        training.log("Accuracy", 0, 10, f"{index}.0")
    page.goto(f"{dashboard.url}/sweeps/s?x=m.epoch&group=p.batch_size")
    chart = page.locator('[data-metric="Accuracy"]')
    expect(chart).to_have_attribute("data-runs", "1")
    chart.locator(".u-over").hover()
    expect(chart.locator(".tooltip")).to_contain_text("1.5 ± 0.71")
    expect(chart.locator(".tooltip")).to_contain_text(re.compile(r"epoch \d"))


def test_sections_align_with_one_number_of_columns(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    for name in ("loss/train", "loss/val", "time/epoch"):
        training.log(name, 0, 3)
    page.goto(f"{dashboard.url}/experiments?cols=3")
    expect(page.locator('[data-metric="time/epoch"]')).to_have_attribute("data-points", "3")
    charts = [page.locator(f'[data-metric="{name}"]') for name in ("loss/train", "time/epoch")]
    places = [chart.bounding_box() for chart in charts]
    assert places[0] is not None
    assert places[1] is not None
    assert places[0]["x"] == places[1]["x"]
    assert abs(places[0]["width"] - places[1]["width"]) < 1
    page.get_by_role("button", name="Display").click()
    page.locator("#chart-columns").select_option("Automatic")
    expect(page).not_to_have_url(re.compile("cols="))
    beside = page.locator('[data-metric="time/epoch"]').bounding_box()
    assert beside is not None
    assert beside["y"] == places[0]["y"]
    assert abs(places[0]["width"] - beside["width"]) < 1


@pytest.mark.parametrize(
    ("px", "widths", "n_columns"),
    [
        (1085, [1, 2, 2, 1, 2, 12, 5, 5], 3),
        (1565, [1, 2, 2, 1, 2, 12, 5, 5], 5),
        (1392, [1, 1, 2, 1], 5),
        (1085, [2], 2),
        (1085, [12], 3),
        (358, [1, 12], 1),
        (1085, [], 3),
    ],
)
def test_page_has_the_columns_that_leave_the_least_empty(
    modules: Page, px: int, widths: list[int], n_columns: int
) -> None:
    found = call(modules, "charts/data/chart_settings", "columnsOf", px, widths)
    assert found == n_columns


def test_sections_of_any_number_of_charts_share_the_columns_of_the_page(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    names = ["epoch", "acc/a", "acc/b", *(f"layers/{n}" for n in range(5)), "time/a", "time/b"]
    for name in names:
        training.log(name, 0, 3)
    page.goto(f"{dashboard.url}/experiments")
    expect(page.locator(".chart")).to_have_count(len(names))
    for width, n_columns in ((1440, 3), (1920, 3), (390, 1)):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(".charts")).to_have_attribute(
            "style", re.compile(rf"--columns: {n_columns};")
        )
        boxes = [chart.bounding_box() for chart in page.locator(".chart").all()]
        assert len({round(box["x"]) for box in boxes if box is not None}) == n_columns
        assert len({round(box["width"]) for box in boxes if box is not None}) == 1
