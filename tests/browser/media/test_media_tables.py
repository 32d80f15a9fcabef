"""Tables in cards: their numbers, their parts, and several of a step."""

from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect

from ml_tracking_ops.logger import ExperimentLogger


@pytest.fixture
def writer(logdir: Path) -> ExperimentLogger:
    writer = ExperimentLogger(logdir)
    writer.add_scalar("loss", 1.0, 0)
    return writer


def open_table(page: Page, dashboard: Dashboard, writer: ExperimentLogger) -> Locator:
    page.goto(f"{dashboard.url}/runs/{Path(writer.folder).name}")
    page.locator("[data-media]").scroll_into_view_if_needed()
    table = page.get_by_role("article", name="table t", exact=True)
    expect(table.locator("tbody tr").first).to_be_visible()
    return table


def test_rows_are_shown_after_the_slider_moved_to_fewer(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for step, n_rows in enumerate((10, 137)):
        writer.add_table("t", [{"row": f"row {n}"} for n in range(n_rows)], step)
    table = open_table(page, dashboard, writer)
    after = table.get_by_role("button", name="Rows after these")
    after.click()
    expect(table).to_contain_text("51–100 of 137")
    after.focus()
    page.keyboard.press("Enter")
    expect(table).to_contain_text("101–137 of 137")
    expect(table.get_by_role("button", name="Rows before these")).to_be_focused()
    table.get_by_role("slider").fill("0")
    expect(table).to_contain_text("1–10 of 10")
    expect(table.locator("tbody tr")).to_have_count(10)
    table.get_by_role("slider").fill("1")
    expect(table).to_contain_text("1–50 of 137")


def test_numbers_can_be_read_in_full(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    row = {"id": 123_456_789_012, "n": -1_234_567, "long": 1 << 60, "p": 1 / 3}
    writer.add_table("t", [row], 0)
    cells = open_table(page, dashboard, writer).locator("tbody td")
    expect(cells).to_have_text(["123456789012", "−1234567", str(1 << 60), "0.33333"])
    expect(cells.last).to_have_attribute("title", "0.3333333333333333")
    expect(cells.first).not_to_have_attribute("title", "123456789012")


def test_all_tables_of_a_step_are_shown_one_by_one(
    page: Page, dashboard: Dashboard, writer: ExperimentLogger
) -> None:
    for word in ("first", "second"):
        writer.add_table("t", [{"word": f"{word} {n}"} for n in range(60)], 0)
    writer.add_table("t", [{"word": "alone"}], 1)
    table = open_table(page, dashboard, writer)
    expect(table).to_contain_text("alone")
    expect(table.get_by_role("button", name="Next table")).to_be_hidden()
    table.get_by_role("slider").fill("0")
    expect(table).to_contain_text("Table 1 of 2")
    expect(table).to_contain_text("first 0")
    table.get_by_role("button", name="Rows after these").click()
    expect(table).to_contain_text("first 59")
    table.get_by_role("button", name="Next table").focus()
    page.keyboard.press("Enter")
    expect(table).to_contain_text("Table 2 of 2")
    expect(table).to_contain_text("second 0")
    expect(table).to_contain_text("1–50 of 60")
    expect(table.get_by_role("button", name="Table before")).to_be_focused()
    table.get_by_role("slider").fill("1")
    expect(table).to_contain_text("alone")
