"""A page ends where its content does."""

from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles


def test_rows_that_are_scrolled_out_of_a_table_make_the_page_no_longer(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    sweep = SweepFiles(logdir / "s")
    for index in range(1, 61):
        sweep.start(index)
        reason = "at step 5: not among the best 1/3"
        stopped = {"rule": "asha", "metric": "Accuracy", "step": 5, "reason": reason}
        sweep.journal.append("stopped_early", index=index, **stopped)
        sweep.end(index, "early_stopped", reason=reason, best_step=5)
    sweep.close()
    page.goto(f"{dashboard.url}/sweeps/s")
    expect(page.locator("#table-rows tr").nth(30)).to_contain_text("Stopped early: asha @ 5")
    missing = """() => document.documentElement.scrollHeight
        - Math.max(...[...document.querySelectorAll("#content > *")]
          .map((one) => one.getBoundingClientRect().bottom + scrollY))"""
    assert page.evaluate(missing) < 100
