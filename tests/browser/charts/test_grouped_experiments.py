"""Experiments in groups by a key of their configurations, in a browser."""

from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect

from ml_tracking_ops.logger import ExperimentLogger


def log_experiment(logdir: Path, rate: float, level: float) -> None:
    with ExperimentLogger(logdir, config={"optimizer": {"lr": rate}}) as writer:
        for step in range(50):
            writer.add_scalar("loss", level + step / 50, step)


def test_experiments_are_drawn_as_means_of_those_with_one_setting(
    page: Page, dashboard: Dashboard, logdir: Path
) -> None:
    for rate, level in ((0.1, 1.0), (0.1, 2.0), (0.2, 4.0)):
        log_experiment(logdir, rate, level)
    page.goto(f"{dashboard.url}/experiments")
    chart, note = page.locator('[data-metric="loss"]'), page.locator("#groups-note")
    expect(chart).to_have_attribute("data-runs", "3")
    expect(note).to_be_hidden()

    page.get_by_role("combobox", name="Group", exact=True).select_option("optimizer.lr")
    expect(chart).to_have_attribute("data-runs", "2")
    expect(page.locator("#legend")).to_contain_text("optimizer.lr 0.1")
    expect(note).to_contain_text("all experiments that pass")

    log_experiment(logdir, 0.3, 5.0)
    expect(chart).to_have_attribute("data-runs", "3")  # it comes with the next refresh
    page.get_by_role("combobox", name="Group", exact=True).select_option("No groups")
    expect(chart).to_have_attribute("data-runs", "4")
    expect(note).to_be_hidden()
