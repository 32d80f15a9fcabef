"""The pages below a path of a proxy's host, and in a frame of another site."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from assets import FOLDER
from dashboard import Dashboard
from playwright.sync_api import expect
from tabs import Tabs
from training import Training

from ml_tracking_ops.orchestrator.cli.main import main


def test_everything_works_below_a_base_path_without_other_requests(
    tabs: Tabs,
    start_dashboard: Callable[..., Dashboard],
    train: Callable[..., Training],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "assets"
    assert main(["assets", str(folder), "--from", str(FOLDER)]) == 0
    dashboard = start_dashboard(0, "--assets", str(folder), "--base-path", "/user/ada/mlto")
    training = train("by hand")
    training.log("Loss", 0, 5)
    page = tabs.open(has_cdn=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{dashboard.url}/user/ada/mlto/")
    expect(page.locator("#connection")).to_have_text("Live")
    training.log("Loss", 5, 9)
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-points", "9")
    run = page.locator('a[href^="/user/ada/mlto/runs/"]').first.get_attribute("href")
    page.goto(f"{dashboard.url}{run}")
    expect(page.locator('[data-metric="Loss"] canvas')).to_be_visible()
    expect(page.locator("#connection")).to_have_text("Live")
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("link", name="Add by hand of experiment").click()
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-points", "9")
    page.get_by_role("link", name="Sweeps").click()
    expect(page.get_by_role("heading", name="No sweeps")).to_be_visible()
    elsewhere = [url for url in asked if not url.startswith(f"{dashboard.url}/user/ada/mlto/")]
    assert elsewhere == []


class Notebook(BaseHTTPRequestHandler):
    """A page of another site, as far as a browser is concerned: another name and another port."""

    frame = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.frame.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_page_of_another_site_shows_it_in_a_frame_where_that_is_allowed(
    tabs: Tabs, start_dashboard: Callable[..., Dashboard], train: Callable[..., Training]
) -> None:
    train("by hand").log("Loss", 0, 5)
    with ThreadingHTTPServer(("127.0.0.1", 0), Notebook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        site = f"http://localhost:{server.server_port}"
        dashboard = start_dashboard(0, "--frame-ancestors", site)
        Notebook.frame = f'<iframe src="{dashboard.url}/experiments" width="900" height="700">'
        page = tabs.open()
        page.goto(f"{site}/")
        shown = page.frame_locator("iframe")
        expect(shown.locator("#connection")).to_have_text("Live")
        expect(shown.locator('[data-metric="Loss"] canvas')).to_be_visible()
        server.shutdown()
