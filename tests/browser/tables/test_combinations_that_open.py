"""The table of a sweep with repeats: combinations that open, follow the sweep, and are ticked."""

from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles

SEEDS = 3


class Repeated(SweepFiles):
    """The runs 1 to 3 are of combination 1, 4 to 6 of combination 2, and so on."""

    def one(self, index: int, value: float) -> None:
        combination = (index - 1) // SEEDS + 1
        given = {"learning_rate": combination / 1000, "batch_size": 32, "seed": index}
        name = f"2026-11-23_10-20-00_{index:04d}"
        self.journal.append("sampled", index=index, hyperparameters=given, combination=combination)
        self.journal.append("started", index=index, name=name, attempt=1, pid=1, slot=0)
        self.end(index, best_value=value)


@pytest.fixture
def sweep(logdir: Path) -> Repeated:
    files = Repeated(logdir / "s", repeats={"count": SEEDS, "seed_name": "seed"})
    for index, value in enumerate((0.5, 0.6, 0.7, 0.7, 0.8, 0.9), start=1):
        files.one(index, value)
    return files


def numbers(page: Page) -> list[str]:
    found: list[str] = page.locator("#table-rows tr").evaluate_all(
        "(rows) => rows.map((row) => row.id)"
    )
    return found


def test_combination_opens_and_follows_the_sweep(
    page: Page, dashboard: Dashboard, sweep: Repeated
) -> None:
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(page.locator("#table-rows tr")).to_have_count(2)
    assert numbers(page) == ["combination-2", "combination-1"]
    page.get_by_role("link", name="1 3 runs").click()
    expect(page.locator("#run-2")).to_be_visible()
    assert numbers(page) == ["combination-2", "combination-1", "run-1", "run-2", "run-3"]
    for index, value in enumerate((0.95, 0.96, 0.97), start=7):
        sweep.one(index, value)
    expect(page.locator("#table-rows tr").first).to_have_id("combination-3")
    expect(page.locator("#best-value")).to_have_text("0.960 ± 0.010")
    expect(page.locator("#run-2")).to_be_visible()
    page.get_by_role("link", name="1 3 runs").click()
    expect(page.locator("#run-2")).to_have_count(0)
    sweep.close()


def test_box_of_a_combination_draws_its_runs(
    page: Page, dashboard: Dashboard, sweep: Repeated
) -> None:
    sweep.close()
    page.goto(f"{dashboard.url}/sweeps/s?open=1")
    page.get_by_role("checkbox", name="Draw the runs of combination 1").check()
    expect(page.locator("#showing")).to_contain_text("Showing 3 of 6 runs, those selected")
    expect(page.get_by_role("checkbox", name="Draw run 2")).to_be_checked()
    page.get_by_role("checkbox", name="Draw run 2").uncheck()
    expect(page.locator("#showing")).to_contain_text("Showing 2 of 6 runs, those selected")
    expect(page.get_by_role("checkbox", name="Draw the runs of combination 1")).not_to_be_checked()
    page.get_by_role("link", name="one row a run").click()
    expect(page.locator("#table-rows tr")).to_have_count(6)


def test_history_draws_combinations_and_marks_those_that_failed(
    page: Page, dashboard: Dashboard, sweep: Repeated
) -> None:
    sweep.one(7, 0.9)
    sweep.end(7, state="failed", best_value=None, best_step=None)
    sweep.close()
    page.goto(f"{dashboard.url}/sweeps/s?panel=history")
    expect(page.locator("#insight-history-s")).to_have_attribute("data-runs", "3")
    expect(page.locator("#insight")).to_contain_text("by combination 2")
    expect(page.locator("#insight")).to_contain_text(
        "1 combination failed before there was a value"
    )
