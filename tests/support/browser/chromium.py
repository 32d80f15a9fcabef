"""Chromium for tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

from cdn import Files, serving_cdn
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_POPUPS = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
"""Pages of the browser's own that each new window loads for its address bar: 400 modules, which
take a third of the time of a test."""
_PLAYWRIGHT_DISABLES = (
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""Repeated here, since only the last list of features that a command gives counts."""
_FEATURES = f"--disable-features={','.join((*_POPUPS, *_PLAYWRIGHT_DISABLES))}"


def find_chromium() -> str | None:
    """Return the program, or None to use Playwright's own.

    `CHROMIUM` names another one, such as chromium-headless-shell.
    """
    return next(filter(None, map(which, (os.environ.get("CHROMIUM", ""), *_NAMES))), None)


@contextmanager
def open_browser(cdn_files: Files) -> Iterator[Browser]:
    """Open a browser for which this machine is the CDN."""
    with serving_cdn(cdn_files) as arguments, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=[*_ARGUMENTS, _FEATURES, *arguments]
        )
        yield browser
        browser.close()
