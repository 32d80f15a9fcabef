"""The pages where no browser can reach the CDN, served with `--assets`."""

from collections.abc import Callable
from pathlib import Path

from assets import FOLDER
from dashboard import Dashboard
from playwright.sync_api import expect
from tabs import Tabs
from training import Training

from ml_tracking_ops.orchestrator.cli.main import main


def test_with_assets_everything_works_and_no_other_server_is_asked(
    tabs: Tabs,
    start_dashboard: Callable[..., Dashboard],
    train: Callable[..., Training],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "assets"
    assert main(["assets", str(folder), "--from", str(FOLDER)]) == 0
    dashboard = start_dashboard(0, "--assets", str(folder))
    training = train("by hand")
    training.log("Loss", 0, 5)
    page = tabs.open(has_cdn=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{dashboard.url}/experiments")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator('[data-metric="Loss"] canvas')).to_be_visible()
    training.log("Loss", 5, 9)
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-points", "9")
    page.get_by_role("link", name="Sweeps").click()
    expect(page.get_by_role("heading", name="No sweeps")).to_be_visible()
    assert [url for url in asked if not url.startswith(dashboard.url)] == []
