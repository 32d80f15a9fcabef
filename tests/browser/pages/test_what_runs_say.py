"""What the page of a run says when there is nothing to show: true to the state of the run."""

import shutil
from collections.abc import Callable
from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from tabs import Tabs
from training import SweepFiles, Training

from ml_tracking_ops.logger.records import encode_header

Train = Callable[..., Training]


def test_failed_run_without_metrics_says_so(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    sweep = SweepFiles(logdir / "s")
    name = sweep.start(1)
    training = train("s", name)
    training.dat_path.with_suffix(".log").touch()
    page.goto(f"{dashboard.url}/runs/s/{name}")
    expect(page.get_by_text("No metric has been logged here yet.")).to_be_visible()
    expect(page.get_by_text("It has printed nothing yet.")).to_be_visible()
    training.kill()
    sweep.end(1, "failed", exit_code=1, reason="exit code 1")
    expect(page.get_by_text("This run logged no metric.")).to_be_visible()
    expect(page.get_by_text("It printed nothing.")).to_be_visible()
    expect(page.get_by_text("No metric has been logged here yet.")).to_be_hidden()
    expect(page.get_by_text("It has printed nothing yet.")).to_be_hidden()
    sweep.close()


def test_unreadable_log_is_reported_instead_of_charts(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    training.log("loss", 0, 3)
    training.finish()
    log = training.dat_path
    log.write_bytes(encode_header(0.0, version=9) + log.read_bytes()[32:])
    page.goto(f"{dashboard.url}/runs/a")
    expect(page.locator(".no-log")).to_contain_text("has format version 9")
    expect(page.locator("#run-head .reason")).to_contain_text("has format version 9")
    expect(page.get_by_text("No metric has been logged here yet.")).to_be_hidden()


def test_page_of_a_run_returns_with_the_run(
    page: Page, tabs: Tabs, dashboard: Dashboard, train: Train
) -> None:
    training = train("z1")
    training.log("loss", 0, 3)
    training.finish()
    page.goto(f"{dashboard.url}/runs/z1")
    expect(page.locator('[data-metric="loss"]')).to_have_attribute("data-points", "3")
    tabs.expected = "404"
    shutil.rmtree(training.dat_path.parent)
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    train("z1").log("loss", 0, 5)
    expect(page.locator('[data-metric="loss"]')).to_have_attribute("data-points", "5")
