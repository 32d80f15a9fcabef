"""The Chromium that tests drive."""

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


def find_chromium() -> str | None:
    """The program, or None if Playwright's own is to be used.

    `CHROMIUM` names another one, such as chromium-headless-shell, which takes half the time.
    """
    return next(filter(None, map(which, (os.environ.get("CHROMIUM", ""), *_NAMES))), None)


@contextmanager
def open_browser(cdn_files: Files) -> Iterator[Browser]:
    """A browser for which the CDN is this machine."""
    with serving_cdn(cdn_files) as arguments, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=[*_ARGUMENTS, *arguments]
        )
        yield browser
        browser.close()
