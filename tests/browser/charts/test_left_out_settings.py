"""Groups by all settings but those that are left out."""

import re
from collections.abc import Callable
from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]


def test_settings_are_left_out_one_by_one(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    files = SweepFiles(logdir / "s")
    settings = [(rate, seed) for rate in (0.1, 0.2) for seed in (1, 2)]
    for index, (rate, seed) in enumerate(settings, start=1):
        name = files.start(index, learning_rate=rate, seed=seed)
        train("s", name).log("Accuracy", 0, 5, f"{rate + seed}")
    page.goto(f"{dashboard.url}/sweeps/s")
    chart = page.locator('[data-metric="Accuracy"]')
    expect(chart).to_have_attribute("data-runs", "4")
    page.locator("#chart-group").select_option("All but seed")
    expect(page).to_have_url(re.compile(r"group=but\.seed"))
    expect(chart).to_have_attribute("data-runs", "2")
    expect(page.locator("#legend")).to_contain_text("learning_rate 0.1")
    page.get_by_text("Left out: seed").click()
    page.get_by_role("checkbox", name="learning_rate", exact=True).check()
    expect(chart).to_have_attribute("data-runs", "1")
    expect(page.locator("#chart-but summary")).to_have_text("Left out: 2 settings")
    page.go_back()
    expect(chart).to_have_attribute("data-runs", "2")


def test_experiments_are_averaged_over_their_seeds(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    train("a").log("Loss", 0, 3)
    page.goto(f"{dashboard.url}/experiments?group=but.seed")
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-runs", "1")
