"""What a page of another site gets of the dashboard."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect


@pytest.fixture
def other_site() -> Iterator[tuple[str, list[bytes]]]:
    """A site at another port, and the pages that it serves."""
    pages: list[bytes] = [b""]

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(pages[0])

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}", pages
        server.shutdown()
        thread.join(10)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A page whose errors are wanted here."""
    with browser.new_context() as context:
        yield context.new_page()


def test_link_from_another_site_asks_before_it_opens_the_dashboard(visitor, dashboard, other_site):
    address, pages = other_site
    pages[0] = f'<a href="{dashboard.url}/experiments?q=x">look</a>'.encode()
    visitor.goto(address)
    visitor.get_by_role("link", name="look").click()
    expect(visitor.get_by_text("A page of another site led you here")).to_be_visible()
    visitor.get_by_role("link", name="Open the dashboard").click()
    expect(visitor).to_have_url(f"{dashboard.url}/experiments?q=x")
    expect(visitor.get_by_role("link", name="Sweeps")).to_be_visible()


def test_other_site_can_load_nothing_of_the_dashboard(visitor, dashboard, other_site):
    address, pages = other_site
    pages[0] = f'<img src="{dashboard.url}/experiments?q=x">'.encode()
    with visitor.expect_event("requestfailed") as found:
        visitor.goto(address)
    assert found.value.url.startswith(dashboard.url)
