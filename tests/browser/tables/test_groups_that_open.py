"""Rows of a table in groups, in a browser: chosen above the table, opened, ticked."""

import re
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect

from ml_tracking_ops.logger import ExperimentLogger


@pytest.fixture(autouse=True)
def experiments(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        kind, seed = "ab"[number % 2], number // 2
        name = f"run_{kind}_s{seed}"
        path = logdir / name / f"{name}.dat"
        path.parent.mkdir(parents=True)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
        with ExperimentLogger(config={"kind": kind, "seed": seed}) as writer:
            writer.add_scalar("val/loss", 10.0 - number, 0)


def test_groups_are_chosen_opened_and_ticked(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/experiments?table=1")
    by, rows = page.get_by_label("Rows in groups"), page.locator("#table-rows tr")
    expect(rows).to_have_count(6)
    by.select_option("kind")
    expect(rows).to_have_count(2)
    expect(page).to_have_url(re.compile(r"by=p\.kind"))
    group = page.locator("#group-2")
    expect(group).to_contain_text("n = 3")
    group.get_by_role("link").click()
    expect(rows).to_have_count(5)
    expect(group.get_by_role("link")).to_have_attribute("aria-expanded", "true")
    group.get_by_role("checkbox").uncheck()
    expect(page.locator('[data-metric="val/loss"]')).to_have_attribute("data-runs", "3")
    by.select_option("All but seed")
    expect(rows).to_have_count(2)
    expect(page).not_to_have_url(re.compile("open="))  # the groups are others now


def test_groups_by_a_part_of_the_name_ask_for_an_expression(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/experiments?table=1")
    page.get_by_label("Rows in groups").select_option("Part of the name")
    part = page.locator(".table-groups").get_by_role("textbox")
    expect(page.locator(".table-problems")).to_contain_text("Write a regular expression")
    part.fill("_s(.)")
    part.press("Enter")
    expect(page.locator("#table-rows tr")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"by=name\._s%28\.%29"))
