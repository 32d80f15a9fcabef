"""The charts of system metrics: a section of their own, folded at first, live like the others."""

from collections.abc import Callable
from pathlib import Path

from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import Training

from ml_tracking_ops.logger import ExperimentLogger

Train = Callable[..., Training]


def test_system_metrics_are_folded_at_first(
    page: Page, dashboard: Dashboard, logdir: Path, train: Train
) -> None:
    training = train("exp")
    training.log("Loss", 0, 3)
    system = ExperimentLogger.at(training.dat_path.with_suffix(".system.dat"))
    system.add_scalars({"system/cpu": 99.0, "system/memory": 500.0}, 5)

    page.goto(f"{dashboard.url}/runs/exp")
    toggle = page.locator(".section-toggle", has_text="system")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".chart", has_text="Loss").first).to_be_visible()
    expect(page.locator(".chart", has_text="cpu").first).to_be_hidden()

    toggle.click()
    expect(page.locator(".chart", has_text="cpu").first).to_be_visible()
    assert "unfold=system" in page.url
    system.add_scalars({"system/gpu/0/utilization": 40.0}, 10)
    expect(page.locator(".chart", has_text="utilization").first).to_be_visible()

    page.reload()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    toggle.click()
    expect(page.locator(".chart", has_text="cpu").first).to_be_hidden()
    system.close()
