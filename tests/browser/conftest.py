"""The real command, the real pages, a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from assets import load_assets
from cdn import Files
from chromium import open_browser
from dashboard import Dashboard, start_imports
from modules import ADDRESS, answer
from playwright.sync_api import Browser, Page, expect
from tabs import PATIENCE_MS, Tabs
from training import Training


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests and run them last: an open browser has an event loop in this thread.

    Tests that start an event loop could not do so meanwhile.
    """
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in set(ours)] + ours


@pytest.fixture(scope="session")
def cdn_files() -> Files:
    return load_assets()


@pytest.fixture(scope="session")
def browser(cdn_files: Files) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    start_imports()  # before a test begins: else it would end with the test
    with open_browser(cdn_files) as browser:
        yield browser


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """Return a page that can import the modules. It needs no server."""
    page = browser.new_page()
    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
    yield page
    page.close()


@pytest.fixture
def tabs(
    browser: Browser,
    start_dashboard: Callable[..., Dashboard],
) -> Iterator[Tabs]:
    """Fail a test whose pages wrote unexpected errors to the console.

    It depends on `start_dashboard` so that the tabs are closed before the server ends.
    """
    tabs = Tabs(browser)
    yield tabs
    tabs.close()
    assert tabs.errors == []


@pytest.fixture
def page(tabs: Tabs) -> Page:
    return tabs.open()


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def start_dashboard(logdir: Path, tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    started: list[Dashboard] = []

    def start(port: int = 0, *options: str) -> Dashboard:
        output = tmp_path / f"dashboard-{len(started)}.txt"
        dashboard = Dashboard(logdir, output, port, *options)
        started.append(dashboard)
        return dashboard

    yield start
    for dashboard in started:
        dashboard.stop()
        assert "Traceback" not in dashboard.output, dashboard.output


@pytest.fixture
def dashboard(start_dashboard: Callable[..., Dashboard]) -> Dashboard:
    return start_dashboard()


@pytest.fixture
def train(logdir: Path) -> Iterator[Callable[..., Training]]:
    """Return a function that starts training processes, which log on request."""
    started: list[Training] = []

    def start(folder: str, stem: str | None = None) -> Training:
        training = Training(logdir / folder / f"{stem or Path(folder).name}.dat")
        started.append(training)
        return training

    yield start
    for training in started:
        training.kill()
