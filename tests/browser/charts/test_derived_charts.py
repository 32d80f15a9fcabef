"""Derived metrics on the pages: made, refused, followed, shown in tables, kept in views."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]
GAP = "gap := loss/val - loss/train"


def ask_for(page: Page, name: str, expression: str) -> Locator:
    page.get_by_role("button", name="Display").click()
    page.get_by_role("button", name="New derived metric…").click()
    dialog = page.get_by_role("dialog", name="New derived metric")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Expression").fill(expression)
    dialog.get_by_role("button", name="Draw it").click()
    return dialog


def train_losses(training: Training, first: int, last: int) -> None:
    training.log("loss/train", first, last, "step")
    training.log("loss/val", first, last, "3 * step")


def test_derived_metric_is_refused_drawn_followed_changed_and_removed(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    train_losses(training, 0, 5)
    page.goto(f"{dashboard.url}/experiments")
    expect(page.locator('[data-metric="loss/val"]')).to_have_attribute("data-points", "5")
    dialog = ask_for(page, "gap", "loss/vall - loss/train")
    expect(dialog.get_by_role("alert")).to_have_text(
        "no metric is called loss/vall, did you mean loss/val?"
    )
    dialog.get_by_label("Expression").fill("")
    dialog.get_by_label("Insert a metric").select_option("loss/val")
    expect(dialog.get_by_label("Expression")).to_have_value("loss/val")
    dialog.get_by_label("Expression").fill("loss/val - loss/train")
    dialog.get_by_role("button", name="Draw it").click()
    chart = page.locator(f'[data-metric="{GAP}"]')
    expect(chart).to_have_attribute("data-points", "5")
    expect(chart.locator(".chart-title")).to_have_text("gap")
    expect(page.locator('[data-section="derived/"] .section-title')).to_have_text("Derived")
    train_losses(training, 5, 9)
    expect(chart).to_have_attribute("data-points", "9")
    chart.hover()
    chart.locator(".chart-menu summary").click()
    chart.get_by_role("button", name="Change the expression…").click()
    dialog = page.get_by_role("dialog", name="Change gap")
    dialog.get_by_label("Expression").fill("loss/val / 3")
    dialog.get_by_role("button", name="Change").click()
    changed = page.locator('[data-metric="gap := loss/val / 3"]')
    expect(changed).to_have_attribute("data-points", "9")
    expect(chart).to_have_count(0)
    changed.hover()
    changed.locator(".chart-menu summary").click()
    changed.get_by_role("button", name="Remove").click()
    expect(changed).to_have_count(0)
    expect(page).not_to_have_url(re.compile("derive="))


def test_sweep_shows_a_derived_metric_in_chart_columns_and_groups(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    files = SweepFiles(logdir / "s")
    for index in (1, 2):
        training = train("s", files.start(index))
        training.log("loss/train", 0, 4, f"step * {index}")
        training.log("loss/val", 0, 4, f"3 * step * {index}")
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(page.locator("#metric option", has_text="loss/val")).to_have_count(1)
    ask_for(page, "gap", "loss/val - loss/train")
    chart = page.locator(f'[data-metric="{GAP}"]')
    expect(chart).to_have_attribute("data-points", "8")
    expect(page.locator("#metric option:checked")).to_have_text("gap")
    page.get_by_role("button", name="Columns").click()
    page.locator(f'input[name="columns"][value="last.{GAP}"]').check()
    expect(page.locator("#run-2")).to_contain_text("12")
    page.locator("th", has_text="Last gap").get_by_role("link").click()
    expect(page.locator("table.runs tbody tr").first).to_have_attribute("id", "run-2")
    page.goto(f"{dashboard.url}/sweeps/s?metric={quote(GAP)}&group=p.batch_size")
    chart.locator(".u-over").hover()
    expect(chart.locator(".tooltip")).to_contain_text("2 of 2 runs")


def test_view_keeps_derived_metrics_and_the_settings_of_charts(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    train_losses(train("a"), 0, 5)
    address = f"?derive={quote(GAP)}&chart={quote(GAP + ';title=Overfit;with=loss/val')}"
    page.goto(f"{dashboard.url}/experiments{address}")
    chart = page.locator(f'[data-metric="{GAP}"]')
    expect(chart).to_have_attribute("data-points", "10")
    page.locator("#views-button").click()
    page.locator("#view-name").fill("gaps")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".view-item")).to_have_count(1)
    page.goto(f"{dashboard.url}/views/gaps")
    expect(chart).to_have_attribute("data-points", "10")
    expect(chart.locator(".chart-title")).to_contain_text("Overfit")
