"""Scripts that the server sends late."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route


@contextmanager
def scripts_held(page: Page) -> Iterator[None]:
    """Hold back the scripts that the page requests in the block, at least one, until its end."""
    held: list[Route] = []
    is_over = False

    def hold(route: Route) -> None:
        if is_over:
            route.continue_()
        else:
            held.append(route)

    page.route(re.compile(r"/static/.*\.js"), hold)
    yield
    while not held:
        page.wait_for_timeout(10)
    is_over = True
    for route in held:
        route.continue_()
    page.unroute_all(behavior="wait")
