"""What a reader sets of single charts: title, axis, size, place, and several metrics in one."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from dashboard import Dashboard
from modules import call, evaluate
from playwright.sync_api import Locator, Page, expect
from training import Training

Train = Callable[..., Training]
PLAIN = {
    "title": "",
    "x": "",
    "zoom": None,
    "low": None,
    "high": None,
    "rightLow": None,
    "rightHigh": None,
    "isLog": None,
    "smoothing": None,
    "width": "",
    "isTall": False,
    "left": [],
    "right": [],
}


@pytest.mark.parametrize(
    ("metric", "changes", "text"),
    [
        ("a", {}, None),
        ("a;b%", {"title": "x;y=z 5%"}, "a%3Bb%25;title=x%3By=z 5%25"),
        ("a", {"low": 0, "isLog": False, "isTall": True}, "a;y=0..;log=0;height=tall"),
        ("a", {"low": -1, "high": 2.5, "smoothing": 0}, "a;y=-1..2.5;smoothing=0"),
        ("a", {"width": "full", "left": ["b=c"], "right": ["d"]}, "a;width=full;with=b=c;right=d"),
        ("a", {"x": "m.b;c", "zoom": [0.5, 2]}, "a;x=m.b%3Bc;zoom=0.5..2"),
        ("a", {"rightLow": 0, "rightHigh": 1, "right": ["d"]}, "a;r=0..1;right=d"),
    ],
)
def test_settings_of_a_chart_are_the_same_after_the_address(
    modules: Page, metric: str, changes: dict[str, Any], text: str | None
) -> None:
    own = {**PLAIN, **changes}
    assert call(modules, "charts/own/writing", "writeChart", metric, own) == text
    script = """
        const { readCharts } = await import("/static/charts/data/chart_settings.js");
        return [...readCharts(given)];
    """
    assert evaluate(modules, script, [text] if text else []) == ([[metric, own]] if text else [])


def test_settings_that_mean_nothing_are_not_set(modules: Page) -> None:
    script = """
        const { readCharts } = await import("/static/charts/data/chart_settings.js");
        return [...readCharts(given)];
    """
    nothing = "a;x=m.;zoom=2..;y=2..1;r=x;log=x;smoothing=no;width=9;height=high;q"
    assert evaluate(modules, script, [nothing, ";title=x"]) == [["a", PLAIN]]


def test_metric_is_in_one_chart_and_no_chart_is_lost(modules: Page) -> None:
    script = """
        const { combined, readCharts } = await import("/static/charts/data/chart_settings.js");
        const { sectionsOf } = await import("/static/charts/sections.js");
        return given.map(([charts, metrics, known]) => {
          const together = combined(metrics, readCharts(charts), known);
          const sections = sectionsOf(metrics, [], null, { together });
          return [[...together], sections.flatMap((one) => one.metrics)];
        });
    """
    sides = {"left": ["b"], "right": []}
    assert evaluate(
        modules,
        script,
        [
            [["a;with=b", "b;with=a"], ["a", "b", "c"], ["a", "b", "c"]],
            [["a;with=b;with=gone", "c;right=b"], ["a", "b", "c"], ["a", "b", "c"]],
            [["a;with=b"], ["b"], ["a", "b"]],
            [["a;with=b"], ["a"], ["a", "b"]],
        ],
    ) == [
        [[["a", sides]], ["a", "c"]],
        [[["a", sides]], ["a", "c"]],
        [[], ["b"]],
        [[["a", sides]], ["a"]],
    ]


@pytest.mark.parametrize(
    ("order", "now", "after"),
    [
        ([], ["c", "a", "b", "d"], ["c"]),
        ([], ["b", "a", "c", "d"], ["b"]),
        ([], ["b", "c", "d", "a"], ["b", "c", "d"]),
        (["x", "c"], ["a", "b", "c", "d"], ["x"]),
    ],
)
def test_order_names_only_the_moved_charts(
    modules: Page, order: list[str], now: list[str], after: list[str]
) -> None:
    metrics = ["a", "b", "c", "d", "x"]
    found = call(modules, "charts/own/writing", "orderAfter", order, metrics, now)
    assert found == after
    assert (
        call(modules, "charts/data/chart_settings", "inOrder", ["a", "b", "c", "d"], found) == now
    )


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["loss/train", "loss/val", "optim/lr"], ["train", "val", "lr"]),
        (["a/loss/val", "a/acc/val"], ["loss/val", "acc/val"]),
        (["loss"], ["loss"]),
    ],
)
def test_combined_metrics_have_the_shortest_distinct_names(
    modules: Page, names: list[str], labels: list[str]
) -> None:
    assert call(modules, "charts/data/chart_curves", "shortest", names) == labels


@pytest.mark.parametrize(
    ("own", "other", "side"),
    [
        ([0, 2], [0.1, 2.5], "left"),
        ([0, 2], [0, 0.01], "right"),
        ([0, 2], [1e-3, 1e-3], "right"),
        ([0, 1], [100, 101], "right"),
        ([1, 1], [1, 1], "left"),
        ([0, 1], None, "left"),
    ],
)
def test_metric_of_another_range_is_on_the_right_axis(
    modules: Page, own: list[float], other: list[float] | None, side: str
) -> None:
    assert call(modules, "charts/own/dialog", "sideFor", own, other) == side


@pytest.mark.parametrize(
    ("ends", "is_log", "expected"),
    [
        ((0, None), False, [0, 2.06]),
        ((None, 1.5), False, [0.94, 1.5]),
        ((5, None), False, [5, 6]),
        ((0, 10), True, [1 / 1.0905, 10]),
    ],
)
def test_axis_has_the_ends_that_were_chosen(
    modules: Page, ends: tuple[float | None, float | None], is_log: bool, expected: list[float]
) -> None:
    curves = [{"x": [0, 1], "y": [1, 2], "raw": None, "low": None, "high": None}]
    view = {"isLogY": is_log, "outliers": 0, "low": ends[0], "high": ends[1]}
    found = call(modules, "charts/drawing/ranges", "yRange", curves, [0, 1], view)
    assert found == pytest.approx(expected, rel=0.05)


def chart_of(page: Page, metric: str) -> Locator:
    return page.locator(f'.chart[data-metric="{metric}"]')


def asked(page: Page, name: str) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get(name, [])


def open_menu(chart: Locator) -> None:
    chart.hover()
    chart.locator(".chart-menu summary").click()


def open_settings(page: Page, metric: str) -> Locator:
    open_menu(chart_of(page, metric))
    chart_of(page, metric).get_by_role("button", name="Settings…").click()
    return page.get_by_role("dialog", name=f"Settings of {metric}")


@pytest.fixture
def losses(dashboard: Dashboard, train: Train) -> Dashboard:
    for name, factor in (("a", 1), ("b", 2)):
        training = train(name)
        for metric in ("loss/train", "loss/val", "loss/test"):
            training.log(metric, 0, 10, f"{factor} / (step + 1)")
        training.log("optim/lr", 0, 10, f"{factor} * 1e-4")
    return dashboard


def test_chart_keeps_its_own_settings_until_they_are_reset(page: Page, losses: Dashboard) -> None:
    page.goto(f"{losses.url}/experiments")
    dialog = open_settings(page, "loss/train")
    dialog.get_by_label("Title").fill("Training")
    dialog.get_by_label("Axis from").fill("0.5")
    dialog.get_by_label("Scale").select_option("Logarithmic")
    dialog.get_by_label("Width").select_option("Whole row")
    dialog.get_by_label("Height").select_option("Tall")
    chart = chart_of(page, "loss/train")
    expect(chart.locator(".chart-title")).to_have_text("Training")
    expect(chart.locator(".chart-note")).to_contain_text("outside")
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)
    assert asked(page, "chart") == [
        "loss/train;title=Training;y=0.5..;log=1;width=full;height=tall"
    ]
    grid, box = chart.locator("xpath=..").bounding_box(), chart.bounding_box()
    assert grid is not None
    assert box is not None
    assert box["width"] == pytest.approx(grid["width"], abs=1)
    assert box["height"] > 400
    page.goto(f"{losses.url}/experiments")  # the browser remembers
    expect(chart.locator(".chart-title")).to_have_text("Training")
    dialog = open_settings(page, "loss/train")
    expect(dialog.get_by_label("Axis from")).to_have_value("0.5")
    dialog.get_by_role("button", name="Reset").click()
    expect(dialog.get_by_label("Title")).to_have_value("")
    page.keyboard.press("Escape")
    expect(chart.locator(".chart-title")).to_have_text("loss/train")
    assert asked(page, "chart") == []


def test_metrics_are_combined_with_a_second_axis_and_taken_apart(
    page: Page, losses: Dashboard
) -> None:
    page.goto(f"{losses.url}/experiments")
    chart = chart_of(page, "loss/train")
    expect(chart).to_have_attribute("data-points", "20")
    dialog = open_settings(page, "loss/train")
    dialog.get_by_label("Combine with").select_option("loss/val")
    expect(dialog.get_by_label("Axis of loss/val")).to_have_value("left")
    dialog.get_by_label("Combine with").select_option("optim/lr")
    expect(dialog.get_by_label("Axis of optim/lr")).to_have_value("right")
    expect(chart).to_have_attribute("data-points", "60")
    expect(chart).to_have_attribute("aria-label", re.compile("loss/train, loss/val, optim/lr over"))
    expect(chart_of(page, "loss/val")).to_have_count(0)
    dialog.get_by_role("button", name="Done").click()
    assert asked(page, "chart") == ["loss/train;with=loss/val;right=optim/lr"]
    chart.locator(".u-over").hover()
    expect(page.locator(".value-list-row:visible")).to_have_count(6)
    expect(page.locator(".value-list-row:visible").nth(2)).to_contain_text("val:")
    open_menu(chart)
    with page.expect_download() as download:
        chart.get_by_role("button", name="Download SVG").click()
    drawing = download.value.path().read_text()
    assert drawing.count("stroke-dasharray") == 4
    dialog = open_settings(page, "loss/train")
    dialog.get_by_role("button", name="Take loss/val out").click()
    expect(chart_of(page, "loss/val")).to_have_attribute("data-points", "20")


def test_right_axis_has_the_ends_that_were_chosen(page: Page, losses: Dashboard) -> None:
    page.goto(f"{losses.url}/experiments?chart=loss/train;right=optim/lr")
    chart = chart_of(page, "loss/train")
    expect(chart).to_have_attribute("data-points", "40")
    expect(chart.locator(".chart-note")).to_be_empty()
    dialog = open_settings(page, "loss/train")
    dialog.get_by_label("Right axis from").fill("0.00015")
    expect(chart.locator(".chart-note")).to_have_text("▼ 10 outside")  # of one of two constants
    dialog.get_by_role("button", name="Done").click()
    assert asked(page, "chart") == ["loss/train;r=0.00015..;right=optim/lr"]


def test_chart_may_have_a_horizontal_axis_and_a_zoom_of_its_own(
    page: Page, losses: Dashboard
) -> None:
    page.goto(f"{losses.url}/experiments")
    own, other = chart_of(page, "loss/train"), chart_of(page, "loss/val")
    expect(own).to_have_attribute("data-points", "20")
    dialog = open_settings(page, "loss/train")
    dialog.get_by_label("Horizontal axis").select_option("loss/test")
    dialog.get_by_role("button", name="Done").click()
    expect(own).to_have_attribute("aria-label", re.compile("loss/train over loss/test"))
    expect(other).to_have_attribute("aria-label", re.compile("loss/val over the step"))
    assert asked(page, "chart") == ["loss/train;x=m.loss/test"]
    box = own.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    expect(own.locator(".tooltip-where")).to_contain_text("loss/test")
    expect(other.locator(".chart-readout")).to_be_empty()  # it is of another x
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(own.get_by_role("button", name="Reset zoom")).to_be_visible()
    expect(other.get_by_role("button", name="Reset zoom")).to_be_hidden()
    assert asked(page, "zoom") == []
    assert re.fullmatch(r"loss/train;x=m\.loss/test;zoom=[\d.]+", asked(page, "chart")[0])
    page.goto(f"{losses.url}/experiments")  # other runs may not have this metric
    expect(own).to_have_attribute("aria-label", re.compile("loss/train over the step"))


def test_chart_of_groups_may_have_a_horizontal_axis_of_its_own(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    for name, rate in (("a_1", 1), ("a_2", 2), ("b_1", 3)):
        training = train(name)
        training.log("loss", 0, 8, f"{rate} / (step + 1)")
        training.log("epoch", 0, 8, "step / 4")
    page.goto(f"{dashboard.url}/experiments?group=name.^(.)&chart=loss;x=m.epoch")
    own, other = chart_of(page, "loss"), chart_of(page, "epoch")
    expect(own).to_have_attribute("aria-label", "loss over epoch, 2 groups")
    expect(own).to_have_attribute("data-points", "16")
    expect(other).to_have_attribute("aria-label", "epoch over the step, 2 groups")
    expect(page.locator("#legend li[data-run]")).to_have_count(2)


def test_combined_chart_follows_all_of_its_metrics(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    training.log("loss", 0, 10)
    training.log("val", 0, 10)
    page.goto(f"{dashboard.url}/experiments?chart=loss;with=val")
    chart = chart_of(page, "loss")
    expect(chart).to_have_attribute("data-points", "20")
    training.log("val", 10, 15)
    expect(chart).to_have_attribute("data-points", "25")
    training.log("other", 0, 3)
    expect(chart_of(page, "other")).to_have_attribute("data-points", "3")
    expect(chart).to_have_attribute("data-points", "25")


def order_of(page: Page) -> list[str]:
    charts = page.locator('[data-section="loss"] .chart')
    return [chart.get_attribute("data-metric") or "" for chart in charts.all()]


def test_charts_are_moved_by_dragging_and_from_the_menu(page: Page, losses: Dashboard) -> None:
    page.goto(f"{losses.url}/experiments")
    expect(chart_of(page, "loss/test")).to_have_attribute("data-points", "20")
    assert order_of(page) == ["loss/train", "loss/val", "loss/test"]
    chart_of(page, "loss/test").locator(".chart-title").drag_to(
        chart_of(page, "loss/train"), target_position={"x": 20, "y": 60}
    )
    expect(page).to_have_url(re.compile("place="))
    assert order_of(page) == ["loss/test", "loss/train", "loss/val"]
    assert asked(page, "place") == ["loss/test"]
    summary = chart_of(page, "loss/test").locator(".chart-menu summary")
    summary.focus()
    page.keyboard.press("Enter")
    move = chart_of(page, "loss/test").get_by_role("button", name="Move on")
    move.focus()
    page.keyboard.press("Enter")
    expect(summary).to_be_focused()
    assert order_of(page) == ["loss/train", "loss/test", "loss/val"]
    page.reload()
    expect(chart_of(page, "loss/test")).to_have_attribute("data-points", "20")
    assert order_of(page) == ["loss/train", "loss/test", "loss/val"]
    page.go_back()
    expect(page.locator('[data-section="loss"] .chart').first).to_have_attribute(
        "data-metric", "loss/test"
    )


def test_cancelled_drag_leaves_the_charts_unchanged(page: Page, losses: Dashboard) -> None:
    page.goto(f"{losses.url}/experiments")
    expect(chart_of(page, "loss/test")).to_have_attribute("data-points", "20")
    target = chart_of(page, "loss/train")
    chart_of(page, "loss/test").locator(".chart-title").hover()
    page.mouse.down()
    expect(target).to_be_visible()
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 60, steps=5)
    expect(page.locator(".is-moving")).to_have_count(1)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert order_of(page) == ["loss/train", "loss/val", "loss/test"]
    assert asked(page, "place") == []
