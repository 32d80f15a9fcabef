"""The real command, the real pages, a real browser."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from assets import load_assets
from training import Training

CDN = "https://cdn.jsdelivr.net/**"
COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "web"]
CHROMIUM_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 15_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def cdn_files() -> dict[str, tuple[bytes, str]]:
    return load_assets()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = which("chromium") or which("chromium-browser") or which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Tabs:
    """Opens tabs; whatever they write to the console as an error is kept in `errors`."""

    browser: Browser
    cdn_files: dict[str, tuple[bytes, str]]
    errors: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self, *, width: int = 1440, height: int = 900, has_cdn: bool = True, theme: str = "light"
    ) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.route(CDN, self._answer if has_cdn else lambda route: route.abort())
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("console", self._note)
        return page

    def _note(self, message: object) -> None:
        if getattr(message, "type", "") == "error":
            self.errors.append(str(getattr(message, "text", message)))

    def _answer(self, route: Route) -> None:
        body, content_type = self.cdn_files[route.request.url]
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(body=body, content_type=content_type, headers=headers)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def tabs(browser: Browser, cdn_files: dict[str, tuple[bytes, str]]) -> Iterator[Tabs]:
    """Fails a test whose pages wrote errors to the console, unless it took them out."""
    tabs = Tabs(browser, cdn_files)
    yield tabs
    tabs.close()
    assert tabs.errors == []


@pytest.fixture
def page(tabs: Tabs) -> Page:
    return tabs.open()


class Dashboard:
    """The running command; `url` is what it printed."""

    def __init__(self, logdir: Path, output: Path, port: int = 0) -> None:
        self.logdir = logdir
        self._output = output
        arguments = ["--logdir", str(logdir), "--port", str(port)]
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self.url = self._wait_for_url()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def _wait_for_url(self) -> str:
        deadline_s = PATIENCE_MS / 1000
        while True:
            found = re.search(r"http://\S+:\d+", self._output.read_text())
            if found:
                return found[0]
            deadline_s -= 0.02
            try:
                code = self._process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                if deadline_s > 0:
                    continue
                self.stop()
                raise AssertionError(
                    f"no address after 15 s:\n{self._output.read_text()}"
                ) from None
            raise AssertionError(f"ended with code {code}:\n{self._output.read_text()}")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            self._fail("did not end in 5 s")

    def _fail(self, what: str) -> NoReturn:
        pytest.fail(f"the dashboard {what}:\n{self._output.read_text()}")


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def start_dashboard(logdir: Path, tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    started: list[Dashboard] = []

    def start(port: int = 0) -> Dashboard:
        dashboard = Dashboard(logdir, tmp_path / f"dashboard-{len(started)}.txt", port)
        started.append(dashboard)
        return dashboard

    yield start
    for dashboard in started:
        dashboard.stop()
        assert "Traceback" not in dashboard._output.read_text(), dashboard._output.read_text()


@pytest.fixture
def dashboard(start_dashboard: Callable[..., Dashboard]) -> Dashboard:
    return start_dashboard()


@pytest.fixture
def train(logdir: Path) -> Iterator[Callable[..., Training]]:
    """Starts training processes that log what the test tells them to."""
    started: list[Training] = []

    def start(folder: str, stem: str | None = None) -> Training:
        training = Training(logdir / folder / f"{stem or os.path.basename(folder)}.dat")
        started.append(training)
        return training

    yield start
    for training in started:
        training.kill()
