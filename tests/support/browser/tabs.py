"""Opens tabs in the browser, with or without the CDN (see `cdn`)."""

from dataclasses import dataclass, field

from cdn import HOST
from playwright.sync_api import Browser, BrowserContext, Page

CDN = f"https://{HOST}/**"
PATIENCE_MS = 30_000


@dataclass
class Tabs:
    """Opens tabs, and keeps their console errors in `errors`.

    If a test expects an error, `expected` is a part of its text. Such errors are kept in
    `expected_errors` until the tab is closed.
    """

    browser: Browser
    errors: list[str] = field(default_factory=list)
    expected: str | None = None
    expected_errors: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        *,
        width: int = 1440,
        height: int = 900,
        has_cdn: bool = True,
        has_policy: bool = True,
        theme: str = "light",
        timezone: str | None = None,
    ) -> Page:
        """Open a tab.

        Args:
            has_cdn: whether the CDN can be reached.
            has_policy: False lets a test run scripts of its own in the page.
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            bypass_csp=not has_policy,
            timezone_id=timezone,
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if not has_cdn:
            context.route(CDN, lambda route: route.abort())
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("console", self._note)
        return page

    def _note(self, message: object) -> None:
        if getattr(message, "type", "") == "error":
            text = str(getattr(message, "text", message))
            is_expected = self.expected is not None and self.expected in text
            (self.expected_errors if is_expected else self.errors).append(text)

    def close(self) -> None:
        for context in self._contexts:
            context.close()
